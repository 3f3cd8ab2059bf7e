package dev.stele.gc;

import java.time.Duration;
import java.util.List;

/**
 * How collecting is done.
 *
 * @param enabled whether the leader collects by itself
 * @param grace how long something must have been unreachable, and not been promised to a client,
 *     before it is collected; the same for abandoned uploads and orphan objects
 * @param recycle how long what was deleted or replaced stays restorable at least: nothing is
 *     collected earlier, where that is longer than the grace period
 * @param interval from the end of a collection to the start of the next
 * @param windows when a collection may start; none for always
 * @param pause after each batch, to leave the database to others
 * @param workers how many objects are removed from the stores at a time
 */
public record GcOptions(
    boolean enabled,
    Duration grace,
    Duration recycle,
    Duration interval,
    List<CollectingWindow> windows,
    Duration pause,
    int workers) {
  /** Every hour, what has been unreachable for a day. */
  public static final GcOptions DEFAULT =
      new GcOptions(
          true,
          Duration.ofDays(1),
          Duration.ZERO,
          Duration.ofHours(1),
          List.of(),
          Duration.ZERO,
          4);

  private static final Duration LONGEST_RENEWAL = Duration.ofSeconds(1);

  public GcOptions {
    windows = List.copyOf(windows);
    if (grace.isNegative()
        || recycle.isNegative()
        || pause.isNegative()
        || !interval.isPositive()
        || workers < 1) {
      throw new IllegalArgumentException(
          "grace, recycle and pause must not be negative, interval and workers must be positive");
    }
  }

  /** How long something must have been unreachable before it is collected. */
  public Duration patience() {
    Duration promised = grace.plus(renewal());
    return recycle.compareTo(promised) > 0 ? recycle : promised;
  }

  /**
   * How long a promise serves for those who ask after it was given, so that not each of them writes
   * one; by so much longer than the grace period it is kept.
   */
  public Duration renewal() {
    Duration tenth = grace.dividedBy(10);
    return tenth.compareTo(LONGEST_RENEWAL) < 0 ? tenth : LONGEST_RENEWAL;
  }

  /** Without collecting by itself. */
  public GcOptions disabled() {
    return new GcOptions(false, grace, recycle, interval, windows, pause, workers);
  }

  /** With another grace period. */
  public GcOptions withGrace(Duration other) {
    return new GcOptions(enabled, other, recycle, interval, windows, pause, workers);
  }

  /** With another interval. */
  public GcOptions withInterval(Duration other) {
    return new GcOptions(enabled, grace, recycle, other, windows, pause, workers);
  }

  /** With another recycle period. */
  public GcOptions withRecycle(Duration other) {
    return new GcOptions(enabled, grace, other, interval, windows, pause, workers);
  }
}
