package dev.stele.blob;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Files and folders that nobody but their owner may read. */
public final class OwnerOnly {
  private static final Logger logger = LoggerFactory.getLogger(OwnerOnly.class);
  private static final Set<PosixFilePermission> FOLDER_MODE =
      PosixFilePermissions.fromString("rwx------");

  private OwnerOnly() {}

  /** What a new folder is made with. */
  public static FileAttribute<Set<PosixFilePermission>> folder() {
    return PosixFilePermissions.asFileAttribute(FOLDER_MODE);
  }

  /** What a new file is made with. */
  static FileAttribute<Set<PosixFilePermission>> file() {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  }

  /** Opens a file, which is made for its owner only if these options make it. */
  static FileChannel open(Path file, OpenOption... options) throws IOException {
    return FileChannel.open(file, Set.of(options), file());
  }

  /**
   * Replaces a file as a whole, or makes it; it is durable when this returns. For one writer at a
   * time.
   */
  public static void replace(Path file, byte[] content) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    Path written = folder.resolve(file.getFileName() + ".new");
    try (FileChannel channel =
        open(
            written,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        int _ = channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
    DiskFolder.fsyncFolder(folder);
  }

  /**
   * Closes a folder of ours that was made more open. If it is not ours to close, as a mounted
   * volume may not be, the log says so.
   */
  public static void close(Path folder) throws IOException {
    if (FOLDER_MODE.containsAll(Files.getPosixFilePermissions(folder))) {
      return;
    }
    try {
      Files.setPosixFilePermissions(folder, FOLDER_MODE);
      logger.info("{} could be read by others, and now only by its owner", folder);
    } catch (IOException e) {
      logger.warn(
          "others may read {}, and this user may not change that ({}); have its owner run chmod 700"
              + " on it",
          folder,
          e.toString());
    }
  }
}
