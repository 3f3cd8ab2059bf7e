package dev.stele.event;

import java.time.Instant;
import java.util.UUID;

/**
 * An event with its place in the log.
 *
 * @param position dense and 0-based, in commit order
 * @param recordedAt the log's time in microseconds, not before the event at a lower position unless
 *     an operator confirmed the clock in between
 * @param clock what the database's clock read; before {@code recordedAt} if it had gone back a
 *     little
 * @param commandId the idempotency key of the command that appended it
 * @param requestId of the client's request
 */
public record RecordedEvent(
    long position,
    Instant recordedAt,
    Instant clock,
    ActorId actor,
    Cause cause,
    String requestId,
    UUID commandId,
    Event event) {
  /** An event that was recorded when the clock said so. */
  public RecordedEvent(
      long position,
      Instant recordedAt,
      ActorId actor,
      Cause cause,
      String requestId,
      UUID commandId,
      Event event) {
    this(position, recordedAt, recordedAt, actor, cause, requestId, commandId, event);
  }
}
