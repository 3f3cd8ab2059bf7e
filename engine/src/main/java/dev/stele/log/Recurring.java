package dev.stele.log;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A thread that does something again and again until it is closed. Whatever is thrown, an {@link
 * Error} too, is told and tried again after a pause ({@link Retries}): nothing that goes on by
 * itself ends in silence. Thread-safe.
 */
public final class Recurring implements AutoCloseable {
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
  static Recurring start(String name, Work work) {
    return start(name, work, _ -> {});
  }

  private void run() {
    Retries retries = new Retries(name, failures);
    while (closed.getCount() > 0) {
      try {
        work.round();
        retries.succeeded();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (Throwable e) { // the next round may do, whatever this one threw
        if (closed.getCount() == 0 || closedWithin(retries.failed(e))) {
          return;
        }
      }
    }
  }

  /** Waits; true, at once, when this is closed. */
  boolean closedWithin(Duration time) {
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
