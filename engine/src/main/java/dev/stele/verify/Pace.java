package dev.stele.verify;

import java.io.InterruptedIOException;
import java.time.Duration;

/**
 * A limit on how many bytes a second are read. Time in which less was read is not made up for. For
 * use by one thread.
 */
final class Pace {
  private static final long NANOS = Duration.ofSeconds(1).toNanos();

  private final double nanosPerByte;
  private long due = System.nanoTime();
  private long bytes;

  private Pace(double nanosPerByte) {
    this.nanosPerByte = nanosPerByte;
  }

  static Pace unlimited() {
    return new Pace(0);
  }

  /**
   * @throws IllegalArgumentException if it is not positive
   */
  static Pace bytesPerSecond(long rate) {
    if (rate <= 0) {
      throw new IllegalArgumentException("a rate must be positive, not " + rate);
    }
    return new Pace((double) NANOS / rate);
  }

  /**
   * Waits after that many bytes as long as the limit asks.
   *
   * @throws InterruptedIOException if interrupted; the thread is so still
   */
  void passed(int read) throws InterruptedIOException {
    bytes += read;
    long now = System.nanoTime();
    due = (due - now > 0 ? due : now) + (long) (read * nanosPerByte);
    try {
      Thread.sleep(Duration.ofNanos(Math.max(0, due - now)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException stopped = new InterruptedIOException("interrupted while reading");
      stopped.initCause(e);
      throw stopped;
    }
  }

  /** How many bytes were read so far. */
  long bytes() {
    return bytes;
  }
}
