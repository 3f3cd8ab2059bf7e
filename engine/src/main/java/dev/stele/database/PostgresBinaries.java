package dev.stele.database;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/**
 * The programs of PostgreSQL, unpacked from an archive on the class path.
 *
 * @param folder with {@code bin/}, {@code lib/} and {@code share/}
 */
record PostgresBinaries(Path folder) {
  /**
   * Unpacks the programs, unless an earlier call did. Unpacking goes to a folder of another name
   * that is then renamed, so an interrupted one leaves no half.
   *
   * @param parent where the programs' folder is made
   */
  static PostgresBinaries unpack(Path parent) throws IOException {
    String archive = archiveName();
    try (InputStream packed = PostgresBinaries.class.getResourceAsStream("/" + archive)) {
      if (packed == null) {
        throw new DatabaseException(
            "there is no embedded PostgreSQL for this system (%s): configure database.url to use one of your own"
                .formatted(archive));
      }
      byte[] bytes = packed.readAllBytes();
      // Another version of the programs is another archive, and gets another folder.
      Path folder = parent.resolve("programs-" + shortHash(bytes));
      if (!Files.isDirectory(folder)) {
        Path fresh = parent.resolve("unpacking-" + UUID.randomUUID());
        untar(new java.io.ByteArrayInputStream(bytes), fresh);
        try {
          Files.move(fresh, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
          // Another process that shares the folder may have been faster.
          Folders.delete(fresh);
          if (!Files.isDirectory(folder)) {
            throw e;
          }
        }
      }
      return new PostgresBinaries(folder);
    }
  }

  /** The major version, such as {@code 18}, as the programs themselves say. */
  String majorVersion() throws IOException {
    Process process = new ProcessBuilder(program("postgres").toString(), "--version").start();
    String version = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Matcher matcher = Pattern.compile("\\(PostgreSQL\\) ([0-9]+)").matcher(version);
    if (!matcher.find()) {
      throw new IOException("postgres --version says " + version.strip());
    }
    return matcher.group(1);
  }

  Path program(String name) {
    return folder.resolve("bin").resolve(name);
  }

  private static String archiveName() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    String system =
        os.contains("mac") ? "darwin" : os.contains("linux") ? "linux" : os.replace(' ', '-');
    String machine =
        switch (arch) {
          case "amd64", "x86_64" -> "x86_64";
          case "aarch64", "arm64" -> "arm_64";
          default -> arch;
        };
    return "postgres-" + system + "-" + machine + ".txz";
  }

  private static String shortHash(byte[] bytes) {
    return dev.stele.oci.Digest.of(dev.stele.oci.Digest.Algorithm.SHA256, bytes)
        .hex()
        .substring(0, 16);
  }

  private static void untar(InputStream packed, Path target) throws IOException {
    Files.createDirectories(target);
    try (TarArchiveInputStream tar =
        new TarArchiveInputStream(new XZCompressorInputStream(new BufferedInputStream(packed)))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        Path path = target.resolve(entry.getName()).normalize();
        if (!path.startsWith(target)) {
          throw new IOException("the archive names a path outside its folder: " + entry.getName());
        }
        if (entry.isDirectory()) {
          Files.createDirectories(path);
        } else {
          Files.createDirectories(path.getParent());
          unpackFile(tar, entry, path);
        }
      }
    }
  }

  private static void unpackFile(TarArchiveInputStream tar, TarArchiveEntry entry, Path path)
      throws IOException {
    try {
      if (entry.isSymbolicLink()) {
        Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
        return;
      }
      Files.copy(tar, path);
    } catch (FileAlreadyExistsException e) {
      throw new IOException("the archive has " + entry.getName() + " twice", e);
    }
    Set<PosixFilePermission> permissions =
        EnumSet.of(
            PosixFilePermission.OWNER_READ,
            PosixFilePermission.OWNER_WRITE,
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.OTHERS_READ);
    if ((entry.getMode() & 0100) != 0) {
      permissions.add(PosixFilePermission.OWNER_EXECUTE);
      permissions.add(PosixFilePermission.GROUP_EXECUTE);
      permissions.add(PosixFilePermission.OTHERS_EXECUTE);
    }
    Files.setPosixFilePermissions(path, permissions);
  }
}
