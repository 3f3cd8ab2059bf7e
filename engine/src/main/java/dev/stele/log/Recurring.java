package dev.stele.log;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that does something again and again until it is closed. Whatever is thrown, an {@link
 * Error} too, is told and tried again after a pause, longer each time: nothing that goes on by
 * itself ends in silence. What goes on failing is told at the 1st, 10th, 100th time, and so on.
 * Thread-safe.
 */
public final class Recurring implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(Recurring.class);
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  /** What is done; it waits by itself for there to be something to do. */
  @FunctionalInterface
  public interface Work {
    void round() throws Exception;
  }

  /** Is told how many rounds failed in a row, whenever that changes. */
  @FunctionalInterface
  public interface Failures {
    void inRow(int failures);
  }

  private final String name;
  private final Work work;
  private final Failures failures;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;

  private Recurring(String name, Work work, Failures failures) {
    this.name = name;
    this.work = work;
    this.failures = failures;
    this.thread = Thread.ofVirtual().name(name).unstarted(this::run);
  }

  /** Starts to do some work. */
  public static Recurring start(String name, Work work, Failures failures) {
    Recurring recurring = new Recurring(name, work, failures);
    recurring.thread.start();
    return recurring;
  }

  /** The same, for work whose failures nobody counts. */
  public static Recurring start(String name, Work work) {
    return start(name, work, _ -> {});
  }

  private void run() {
    int row = 0;
    String told = ""; // another failure than the last is news
    while (closed.getCount() > 0) {
      try {
        work.round();
        if (row > 0) {
          row = 0;
          failures.inRow(0);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (Throwable e) { // the next round may do, whatever this one threw
        if (closed.getCount() == 0) {
          return;
        }
        failures.inRow(++row);
        Optional<String> line = Foreseen.line(e);
        String kind = line.map(_ -> e.getClass().getName()).orElse(e.toString());
        boolean tell = isPowerOfTen(row) || !kind.equals(told);
        told = kind;
        if (!pauseAfter(e, line, row, tell)) {
          return;
        }
      }
    }
  }

  /** False if it is to end. A database that is away may be back at once; a defect is not. */
  private boolean pauseAfter(Throwable e, Optional<String> line, int row, boolean tell) {
    Duration longer = FIRST_PAUSE.multipliedBy(1L << Math.min(row - 1, 5));
    Duration pause =
        Outage.of(e).isPresent()
            ? FIRST_PAUSE
            : longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
    if (!tell) {
      logger.debug("{} failed ({} in a row); next try in {}", name, row, pause, e);
    } else if (line.isPresent()) {
      logger.warn(
          "{} failed{} and is tried again: {}",
          name,
          row == 1 ? "" : " (" + row + " in a row)",
          line.get());
    } else {
      logger.error("{} failed ({} in a row); next try in {}", name, row, pause, e);
    }
    return !closedWithin(pause);
  }

  private static boolean isPowerOfTen(int number) {
    int rest = number;
    while (rest % 10 == 0) {
      rest /= 10;
    }
    return rest == 1;
  }

  /** Waits; true, at once, when this is closed. */
  public boolean closedWithin(Duration time) {
    try {
      return closed.await(time.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  /** Lets the round that is going on finish, and no other begin. Returns at once. */
  public void stop() {
    closed.countDown();
  }

  /** Interrupts the round that is going on, and returns when it has ended. */
  public void interrupt() {
    closed.countDown();
    thread.interrupt();
    join();
  }

  /** Lets the round that is going on finish, and returns when it has. */
  @Override
  public void close() {
    closed.countDown();
    join();
  }

  private void join() {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
