package dev.stele.event;

import java.time.Instant;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * An event with its place in the log.
 *
 * @param position dense and 0-based, in commit order
 * @param previous the position of the event before it of its repository (see {@link Event#place}),
 *     or of those that have none; absent for the first. So the events of a repository can be shown
 *     without others', and none in the middle be left out
 * @param recordedAt the log's time in microseconds, not before the event at a lower position unless
 *     an operator confirmed the clock in between
 * @param clock what the database's clock read; before {@code recordedAt} if it had gone back a
 *     little
 * @param commandId the idempotency key of the command that appended it
 */
public record RecordedEvent(
    long position,
    OptionalLong previous,
    Instant recordedAt,
    Instant clock,
    Initiator by,
    Cause cause,
    UUID commandId,
    Event event) {
  /** Who acted, as tables name them. */
  public ActorId actor() {
    return by.actor();
  }

  /** Of the client's request. */
  public String requestId() {
    return by.requestId();
  }
}
