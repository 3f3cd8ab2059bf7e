package dev.stele.registry;

import java.time.Instant;
import java.util.Optional;

/**
 * How a webhook is doing. It is the same on every node.
 *
 * @param address of its receiver, for people; absent if no such webhook is configured here
 * @param nextPosition of the first event that it has not dealt with
 * @param lag how many events of the log it has not dealt with, those that it does not want included
 * @param deliveredAt when an event was last delivered
 * @param failures of the delivery that is due, in a row
 * @param lastError what went wrong last; also after deliveries have succeeded again
 * @param nextTryAt when the delivery that failed is tried again
 */
public record WebhookStatus(
    String name,
    Optional<String> address,
    State state,
    long nextPosition,
    long lag,
    Optional<Instant> deliveredAt,
    int failures,
    Optional<String> lastError,
    Optional<Instant> lastErrorAt,
    Optional<Instant> nextTryAt) {
  /** What it is doing. */
  public enum State {
    /** It has dealt with every event. */
    CURRENT,
    /** Events are being delivered. */
    DELIVERING,
    /** A delivery failed and is repeated. */
    RETRYING,
    /** Its receiver is gone; a person has to resume it. */
    PAUSED,
    /** It is remembered, but the configuration has no such webhook. */
    UNCONFIGURED
  }

  static WebhookStatus of(WebhookCursor cursor, Optional<Webhook> configured) {
    long lag = Math.max(0, cursor.head() - cursor.nextPosition());
    State state =
        configured.isEmpty()
            ? State.UNCONFIGURED
            : cursor.paused()
                ? State.PAUSED
                : cursor.failures() > 0
                    ? State.RETRYING
                    : lag == 0 ? State.CURRENT : State.DELIVERING;
    return new WebhookStatus(
        cursor.name(),
        configured.map(webhook -> webhook.receiver().address()),
        state,
        cursor.nextPosition(),
        lag,
        cursor.deliveredAt(),
        cursor.failures(),
        cursor.lastError(),
        cursor.lastErrorAt(),
        cursor.nextTryAt());
  }
}
