package dev.stele.gc;

import dev.stele.event.Initiator;
import dev.stele.log.AppendLane;
import dev.stele.log.Command;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/** Issues a collector's commands, which are small and leave time to others. Thread-safe. */
final class Batches implements AutoCloseable {
  /** The most things in one command: it holds the lane for some milliseconds. */
  static final int MOST = 64;

  private final AppendLane lane;
  private final Function<String, Initiator> initiator;
  private final Duration pause;
  private volatile boolean closed;

  /**
   * @param initiator in whose name things are collected, by the id of a run
   * @param pause after each command
   */
  Batches(AppendLane lane, Function<String, Initiator> initiator, Duration pause) {
    this.lane = lane;
    this.initiator = initiator;
    this.pause = pause;
  }

  Initiator initiator(String requestId) {
    return initiator.apply(requestId);
  }

  /** Hands over all of them, so many at a time as one command takes. */
  static <T> void each(List<T> all, Consumer<List<T>> work) {
    for (int from = 0; from < all.size(); from += MOST) {
      work.accept(all.subList(from, Math.min(from + MOST, all.size())));
    }
  }

  /**
   * Issues a command.
   *
   * @throws IllegalStateException once this is closed
   */
  <R> R submit(Command<R> command) {
    if (closed) {
      throw new IllegalStateException("the registry is closing");
    }
    R result = lane.submit(command);
    if (pause.isPositive()) {
      try {
        Thread.sleep(pause);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while collecting", e);
      }
    }
    return result;
  }

  boolean closed() {
    return closed;
  }

  /** No command is issued from now on. */
  @Override
  public void close() {
    closed = true;
  }
}
