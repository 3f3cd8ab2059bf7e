package dev.stele.gc;

import java.time.Duration;
import java.util.List;

/**
 * How collecting is done.
 *
 * @param enabled whether the leader collects by itself
 * @param grace how long something must have been unreachable, and not been promised to a client,
 *     before it is collected; the same for abandoned uploads and orphan objects
 * @param interval from the end of a collection to the start of the next
 * @param windows when a collection may start; none for always
 * @param pause after each batch, to leave the database to others
 * @param workers how many objects are removed from the stores at a time
 */
public record GcOptions(
    boolean enabled,
    Duration grace,
    Duration interval,
    List<CollectingWindow> windows,
    Duration pause,
    int workers) {
  /** Every hour, what has been unreachable for a day. */
  public static final GcOptions DEFAULT =
      new GcOptions(true, Duration.ofDays(1), Duration.ofHours(1), List.of(), Duration.ZERO, 4);

  public GcOptions {
    windows = List.copyOf(windows);
    if (grace.isNegative() || pause.isNegative() || !interval.isPositive() || workers < 1) {
      throw new IllegalArgumentException(
          "grace and pause must not be negative, interval and workers must be positive");
    }
  }

  /** Without collecting by itself. */
  public GcOptions disabled() {
    return new GcOptions(false, grace, interval, windows, pause, workers);
  }

  /** With another grace period. */
  public GcOptions withGrace(Duration other) {
    return new GcOptions(enabled, other, interval, windows, pause, workers);
  }

  /** With another interval. */
  public GcOptions withInterval(Duration other) {
    return new GcOptions(enabled, grace, other, windows, pause, workers);
  }
}
