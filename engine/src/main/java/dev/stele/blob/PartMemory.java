package dev.stele.blob;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * The heap that all running uploads together may hold, handed out in the order of asking.
 * INVARIANT: nobody asks while holding some, so nobody waits for another who waits. Safe for use by
 * several threads.
 */
final class PartMemory {
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(60);
  private static final int UNIT = 1024;

  private final long total;
  private final Semaphore free;

  /**
   * @param total in bytes
   */
  PartMemory(long total) {
    this.total = total;
    this.free = new Semaphore((int) Math.min(Integer.MAX_VALUE, total / UNIT), true);
  }

  /**
   * Waits until there is room for this many bytes and takes it.
   *
   * @throws BlobTooLargeException if there never will be
   * @throws S3UnavailableException if there is none for long
   */
  void reserve(int bytes) throws IOException {
    if (bytes > total) {
      throw new BlobTooLargeException(
          "the blob is too large for this server: a part of %d bytes does not fit in its part memory of %d bytes, so give it a larger heap"
              .formatted(bytes, total));
    }
    try {
      if (!free.tryAcquire(units(bytes), LONGEST_WAIT.toSeconds(), TimeUnit.SECONDS)) {
        throw new S3UnavailableException(
            "too many uploads at once: no part memory came free for %d s"
                .formatted(LONGEST_WAIT.toSeconds()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted =
          new InterruptedIOException("interrupted while waiting for part memory");
      interrupted.initCause(e);
      throw interrupted;
    }
  }

  void release(int bytes) {
    free.release(units(bytes));
  }

  /** Whether somebody waits. */
  boolean isContended() {
    return free.hasQueuedThreads();
  }

  private static int units(int bytes) {
    return (bytes + UNIT - 1) / UNIT;
  }
}
