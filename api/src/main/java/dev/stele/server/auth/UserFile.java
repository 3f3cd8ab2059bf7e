package dev.stele.server.auth;

import at.favre.lib.crypto.bcrypt.BCrypt;
import at.favre.lib.crypto.bcrypt.LongPasswordStrategies;
import dev.stele.event.Identity;
import dev.stele.event.RobotName;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * An htpasswd file that is edited: each change replaces it as a whole, so that a server which reads
 * it finds the old or the new one. What it has beside users stays, and so do its owner, group and
 * permissions; a new one is its owner's alone. One editor waits for another, by a lock on a file
 * beside it.
 */
public final class UserFile {
  private static final int COST = 11;
  private static final int LONGEST_PASSWORD = 72;
  private static final int SHORTEST_PASSWORD = 8;
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private final Path file;

  /** A file, which need not be there yet. */
  public UserFile(Path file) {
    this.file = file;
  }

  private interface Edit {
    List<String> of(List<String> lines) throws IOException;
  }

  /** Edits what the file has, whatever link leads to it. */
  private void edit(Edit edit) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (!Files.isDirectory(folder)) {
      throw new IOException("there is no folder %s for the htpasswd file".formatted(folder));
    }
    if (Files.isDirectory(file)) {
      throw new IOException("%s is a folder; name the htpasswd file in it".formatted(file));
    }
    Path real = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
    Path lock = real.resolveSibling(real.getFileName() + ".lock");
    try (FileChannel locked =
            FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock _ = locked.lock()) {
      write(real, edit.of(checked()));
    }
  }

  /** Where it is. */
  public Path path() {
    return file;
  }

  /** The users, in the file's order. */
  public List<String> names() throws IOException {
    List<String> names = new ArrayList<>();
    for (String line : checked()) {
      if (!isOther(line)) {
        names.add(line.substring(0, line.indexOf(':')));
      }
    }
    return names;
  }

  /**
   * Adds a user.
   *
   * @throws IllegalArgumentException if there is one of that name, or the name or password is none
   */
  public void add(String user, String password) throws IOException {
    checkName(user);
    String entry = entry(user, password);
    edit(
        lines -> {
          requireAbsent(user);
          lines.add(entry);
          return lines;
        });
  }

  /**
   * Gives a user another password.
   *
   * @throws IllegalArgumentException if there is no such user, or the password is none
   */
  public void change(String user, String password) throws IOException {
    requirePresent(user);
    String entry = entry(user, password);
    edit(
        lines -> {
          requirePresent(user);
          return lines.stream().map(line -> isOf(user, line) ? entry : line).toList();
        });
  }

  /**
   * Removes a user.
   *
   * @throws IllegalArgumentException if there is none
   */
  public void remove(String user) throws IOException {
    edit(
        lines -> {
          requirePresent(user);
          return lines.stream().filter(line -> !isOf(user, line)).toList();
        });
  }

  /**
   * Demands that there is no such user.
   *
   * @throws IllegalArgumentException if there is one
   */
  public void requireAbsent(String user) throws IOException {
    if (names().contains(user)) {
      throw new IllegalArgumentException(
          "there is a user %s already; stele user password gives them another".formatted(user));
    }
  }

  /**
   * Demands that there is such a user.
   *
   * @throws IllegalArgumentException if there is none
   */
  public void requirePresent(String user) throws IOException {
    if (!names().contains(user)) {
      throw new IllegalArgumentException("there is no user %s in %s".formatted(user, file));
    }
  }

  private static void checkName(String user) {
    if (RobotName.isReserved(user)) {
      throw new IllegalArgumentException(
          "names that begin with robot+ are those of robots: use stele robot create NAME");
    }
    if (user.isBlank()
        || user.startsWith("#")
        || user.equals(Identity.NOBODY.name())
        || user.indexOf(':') >= 0
        || !user.equals(user.strip())
        || user.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(
          "a user's name has neither a colon nor control characters, and begins with no # or"
              + " space");
    }
  }

  private static String entry(String user, String password) {
    byte[] bytes = password.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > LONGEST_PASSWORD || password.length() < SHORTEST_PASSWORD) {
      throw new IllegalArgumentException(
          "a password has %d characters at least, and %d bytes at most, of which no more would count"
              .formatted(SHORTEST_PASSWORD, LONGEST_PASSWORD));
    }
    byte[] hash =
        BCrypt.with(
                BCrypt.Version.VERSION_2B,
                new SecureRandom(),
                LongPasswordStrategies.truncate(BCrypt.Version.VERSION_2B))
            .hash(COST, bytes);
    return user + ":" + new String(hash, StandardCharsets.US_ASCII);
  }

  private static boolean isOther(String line) {
    return line.isBlank() || line.strip().startsWith("#");
  }

  private static boolean isOf(String user, String line) {
    return !isOther(line) && line.strip().startsWith(user + ":");
  }

  /** The lines, none of which a server would refuse. */
  private List<String> checked() throws IOException {
    try {
      Htpasswd _ = Htpasswd.read(file);
      return new ArrayList<>(Files.readAllLines(file));
    } catch (NoSuchFileException e) {
      return new ArrayList<>();
    }
  }

  private static void write(Path real, List<String> lines) throws IOException {
    Path next =
        Files.createTempFile(real.getParent(), real.getFileName() + ".", ".new", OWNER_ONLY);
    try {
      if (Files.exists(real)) {
        PosixFileAttributes before = Files.readAttributes(real, PosixFileAttributes.class);
        PosixFileAttributeView now = Files.getFileAttributeView(next, PosixFileAttributeView.class);
        now.setOwner(before.owner());
        now.setGroup(before.group());
        now.setPermissions(before.permissions());
      }
      Files.write(next, lines, StandardCharsets.UTF_8);
      try (FileChannel channel = FileChannel.open(next, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
      Files.move(next, real, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(next);
    }
  }
}
