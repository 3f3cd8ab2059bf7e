package dev.stele.blob;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keeps a second process off a folder. The operating system gives the lock up when the process
 * dies, however it dies; the file {@code lock} stays and says who held it. Thread-safe.
 */
public final class FolderLock implements AutoCloseable {
  /**
   * What this process holds. Asked before the file is opened a second time: the system would give
   * up a process's lock when the process closes any channel on the file, also another one.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  /** How an attempt to take a lock ended. */
  public sealed interface Attempt {
    /** It is the caller's until closed. */
    record Taken(FolderLock lock) implements Attempt {}

    /**
     * Somebody has it.
     *
     * @param holder the id of the process, if it could be read
     */
    record InUse(Optional<String> holder) implements Attempt {
      /** {@code " (pid 123)"}, or nothing. */
      public String who() {
        return holder.map(pid -> " (pid " + pid + ")").orElse("");
      }
    }
  }

  private final Path file;
  private final FileChannel channel;

  private FolderLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Takes the lock of a folder, which must be there, without waiting.
   *
   * @throws IOException if its file cannot be written
   */
  public static Attempt take(Path folder) throws IOException {
    Path file = folder.toRealPath().resolve("lock");
    if (!HELD.add(file)) {
      return new Attempt.InUse(Optional.of(Long.toString(ProcessHandle.current().pid())));
    }
    boolean taken = false;
    FileChannel channel = null;
    try {
      channel =
          OwnerOnly.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      if (!locked(channel)) {
        return new Attempt.InUse(read(channel));
      }
      channel.truncate(0);
      channel.write(
          ByteBuffer.wrap(
              Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)),
          0);
      taken = true;
      return new Attempt.Taken(new FolderLock(file, channel));
    } finally {
      if (!taken) {
        if (channel != null) {
          channel.close();
        }
        HELD.remove(file);
      }
    }
  }

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      // Held by this very process, under another name of the file.
      return false;
    }
  }

  private static Optional<String> read(FileChannel channel) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(20);
    channel.read(buffer, 0);
    String pid =
        new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII)
            .replaceAll("[^0-9]", "");
    return pid.isEmpty() ? Optional.empty() : Optional.of(pid);
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      HELD.remove(file);
    }
  }
}
