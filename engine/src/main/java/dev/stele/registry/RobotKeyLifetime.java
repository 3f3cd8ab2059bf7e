package dev.stele.registry;

import dev.stele.policy.Durations;
import java.time.Duration;

/**
 * For how long keys of robots count.
 *
 * @param standard if whoever issues one does not say
 * @param longest that may be asked for, {@link #LONGEST} at most
 */
public record RobotKeyLifetime(Duration standard, Duration longest) {
  /** No key counts for longer, whatever is configured. */
  public static final Duration LONGEST = Duration.ofDays(366);

  public static final RobotKeyLifetime DEFAULT = new RobotKeyLifetime(Duration.ofDays(90), LONGEST);

  /**
   * @throws IllegalArgumentException if one is not positive or too long
   */
  public RobotKeyLifetime {
    if (!standard.isPositive() || standard.compareTo(longest) > 0) {
      throw new IllegalArgumentException("keys must count for some time, and not beyond the limit");
    }
    if (longest.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException("keys count for 366 days at most");
    }
  }

  /**
   * Returns a lifetime if it may be asked for.
   *
   * @throws IllegalArgumentException if not; the message continues what it is called
   */
  public Duration check(Duration asked) {
    if (!asked.isPositive() || asked.compareTo(longest) > 0) {
      throw new IllegalArgumentException(
          "must be longer than nothing and at most " + Durations.format(longest));
    }
    return asked;
  }
}
