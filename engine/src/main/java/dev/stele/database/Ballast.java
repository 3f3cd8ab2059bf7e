package dev.stele.database;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Random;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file of {@value #BYTES} bytes that is of no use but for its room: it goes when the disk is full
 * so that PostgreSQL can write and start, and comes back when there is room again. Used by one
 * thread at a time.
 */
final class Ballast {
  /** Four segments of PostgreSQL's log. */
  static final long BYTES = 64L << 20;

  /** With less than this PostgreSQL cannot begin a new segment of its log, and stops. */
  private static final long SHORT = 24L << 20;

  private static final Logger logger = LoggerFactory.getLogger(Ballast.class);
  private static final int STEP = 1 << 20;
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  private final Path folder;
  private final Path file;

  /**
   * @param folder on PostgreSQL's file system
   */
  Ballast(Path folder) {
    this.folder = folder;
    this.file = folder.resolve("ballast");
  }

  /** Gives the room up if the disk is as good as full. Returns whether it did. */
  boolean releaseIfShort() throws IOException {
    if (!Files.isDirectory(folder) || folder.toFile().getUsableSpace() >= SHORT) {
      return false;
    }
    boolean whole = Files.deleteIfExists(file);
    boolean half = Files.deleteIfExists(file.resolveSibling("ballast.new")); // left by a crash
    if (!whole && !half) {
      return false;
    }
    logger.error(
        "the disk of {} is full: {} MiB kept for this are free for PostgreSQL now; make room there",
        folder,
        BYTES >> 20);
    return true;
  }

  long missing() {
    return Files.exists(file) ? 0 : BYTES;
  }

  /**
   * Takes the room again, if it is not there and that much more is free beside; and in any case as
   * much more that it is not given up again at once.
   */
  void makeIfRoom(long beside) throws IOException {
    long free = Math.max(beside, 2 * SHORT);
    if (Files.exists(file) || folder.toFile().getUsableSpace() < BYTES + free) {
      return;
    }
    // Not zeros, which some file systems keep as nothing.
    byte[] step = new byte[STEP];
    new Random(1).nextBytes(step);
    Path fresh = file.resolveSibling("ballast.new");
    try (FileChannel channel =
        FileChannel.open(
            fresh,
            Set.of(
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING),
            PosixFilePermissions.asFileAttribute(OWNER_ONLY))) {
      ByteBuffer bytes = ByteBuffer.wrap(step);
      for (long written = 0; written < BYTES; bytes.clear()) {
        while (bytes.hasRemaining()) {
          written += channel.write(bytes);
        }
      }
      channel.force(true);
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      Files.deleteIfExists(fresh);
      throw e;
    }
  }
}
