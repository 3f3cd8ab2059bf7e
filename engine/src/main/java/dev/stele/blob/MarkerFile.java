package dev.stele.blob;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The marker of a folder: a file that is replaced as a whole. Other processes may replace it too.
 * Safe for use by several threads.
 */
final class MarkerFile {
  /**
   * Who of this process replaces the marker of a folder. The system keeps processes apart, not
   * threads: it gives a lock up as soon as its process closes any channel on the file.
   */
  private static final ConcurrentMap<Path, ReentrantLock> WRITERS = new ConcurrentHashMap<>();

  private final Path folder;
  private final Path file;

  MarkerFile(Path folder) {
    this.folder = folder;
    this.file = folder.resolve("marker");
  }

  Optional<String> read() throws IOException {
    try {
      return Optional.of(Files.readString(file, StandardCharsets.US_ASCII));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** See {@link BlobStore#mark}. */
  boolean replace(Optional<String> expected, String next) throws IOException {
    ReentrantLock writers = WRITERS.computeIfAbsent(folder.toRealPath(), _ -> new ReentrantLock());
    writers.lock();
    try (FileChannel channel =
            OwnerOnly.open(
                folder.resolve("marker.lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock _ = channel.lock()) {
      if (!read().equals(expected)) {
        return false;
      }
      OwnerOnly.replace(file, next.getBytes(StandardCharsets.US_ASCII));
      return true;
    } finally {
      writers.unlock();
    }
  }
}
