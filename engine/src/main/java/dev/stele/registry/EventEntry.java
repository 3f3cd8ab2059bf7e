package dev.stele.registry;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.Optional;

/**
 * An event as people read it.
 *
 * @param actor the actor's name; empty if that person was forgotten
 * @param cause {@code kind} and, where there is one, {@code detail}
 * @param data the event's own fields, as recorded
 */
public record EventEntry(
    long position,
    String type,
    Optional<String> repository,
    Instant recordedAt,
    Optional<String> actor,
    JsonNode cause,
    String requestId,
    JsonNode data) {}
