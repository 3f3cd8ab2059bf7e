package dev.stele.blob;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * The heap that all running uploads together may hold, handed out in the order of asking.
 * INVARIANT: nobody asks while holding some, so nobody waits for another who waits. And nobody
 * waits for a client: while somebody waits, a {@link Reading} of one that takes long is ended. Safe
 * for use by several threads.
 */
final class PartMemory {
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(60);
  private static final int UNIT = 1024;

  /** For a step of 64 KiB, so 13 KiB/s at least. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final Duration LOOK_EVERY = Duration.ofMillis(500);

  private final long total;
  private final Semaphore free;
  private final Set<Reading> readings = ConcurrentHashMap.newKeySet();

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
      if (!free.tryAcquire(units(bytes), 0, TimeUnit.SECONDS)) {
        await(units(bytes));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted =
          new InterruptedIOException("interrupted while waiting for part memory");
      interrupted.initCause(e);
      throw interrupted;
    }
  }

  private void await(int units) throws InterruptedException, S3UnavailableException {
    Thread watcher = Thread.ofVirtual().name("part-memory").start(this::endSlowReadings);
    try {
      if (!free.tryAcquire(units, LONGEST_WAIT.toSeconds(), TimeUnit.SECONDS)) {
        throw new S3UnavailableException(
            "too many uploads at once: no part memory came free for %d s"
                .formatted(LONGEST_WAIT.toSeconds()));
      }
    } finally {
      watcher.interrupt();
    }
  }

  private void endSlowReadings() {
    try {
      while (true) {
        Thread.sleep(LOOK_EVERY);
        readings.forEach(Reading::endIfSlow);
      }
    } catch (InterruptedException e) {
      // Nobody waits any more.
      Thread.currentThread().interrupt();
    }
  }

  /** Begins to read from a client, in this thread, while some of this memory is held. */
  Reading read() {
    Reading reading = new Reading(Thread.currentThread());
    readings.add(reading);
    return reading;
  }

  /** A step of reading from a client. */
  final class Reading {
    private final Thread reader;
    private final long begun = System.nanoTime();
    private boolean ended;
    private boolean slow;

    private Reading(Thread reader) {
      this.reader = reader;
    }

    /** Again and again, since a stream may keep an interruption to itself. */
    private synchronized void endIfSlow() {
      if (!ended && System.nanoTime() - begun > PATIENCE.toNanos()) {
        slow = true;
        reader.interrupt();
      }
    }

    /** Ends it; returns whether it was interrupted for being slow, which is no more so then. */
    synchronized boolean end() {
      ended = true;
      readings.remove(this);
      if (slow) {
        boolean _ = Thread.interrupted();
      }
      return slow;
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
