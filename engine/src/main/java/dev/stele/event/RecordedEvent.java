package dev.stele.event;

import java.time.Instant;
import java.util.UUID;

/**
 * An event with its place in the log.
 *
 * @param position dense and 0-based, in commit order
 * @param recordedAt in microseconds, never before the event at a lower position
 * @param commandId the idempotency key of the command that appended it
 * @param requestId of the client's request
 */
public record RecordedEvent(
    long position,
    Instant recordedAt,
    ActorId actor,
    Cause cause,
    String requestId,
    UUID commandId,
    Event event) {}
