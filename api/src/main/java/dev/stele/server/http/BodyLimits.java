package dev.stele.server.http;

import java.time.Duration;

/**
 * What the body of a request may be.
 *
 * @param size how many bytes it may have
 * @param rate how many bytes a second it must have brought by when it was waited for, beside {@link
 *     #PATIENCE}; 0 for however few
 */
public record BodyLimits(long size, long rate) {
  /** For how long any body is waited for. */
  static final Duration PATIENCE = Duration.ofMinutes(1);

  /** None. */
  static final BodyLimits NONE = new BodyLimits(Long.MAX_VALUE, 0);

  /**
   * Whether a body is too slow.
   *
   * @param received bytes
   * @param nanos for which it was waited for in all
   */
  boolean isTooSlow(long received, long nanos) {
    return rate > 0
        && nanos > PATIENCE.toNanos()
        && received < (nanos - PATIENCE.toNanos()) / 1e9 * rate;
  }
}
