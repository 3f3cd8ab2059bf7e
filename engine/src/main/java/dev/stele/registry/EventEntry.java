package dev.stele.registry;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.event.Identity;
import dev.stele.event.Origin;
import java.time.Instant;
import java.util.Optional;

/**
 * An event as people read it.
 *
 * @param identity who acted; empty if that person was forgotten, and {@link Identity#ALTERED} if
 *     what is kept of them is not what the log has
 * @param origin where they were; empty if that is not known or they were forgotten
 * @param user whom it is about, if that is a user and was not forgotten
 * @param cause {@code kind} and, where there is one, {@code detail}
 * @param data the event's own fields, as recorded
 */
public record EventEntry(
    long position,
    String type,
    Optional<String> repository,
    Instant recordedAt,
    Optional<Identity> identity,
    Optional<Origin> origin,
    Optional<Identity> user,
    JsonNode cause,
    String requestId,
    JsonNode data) {
  /** The actor's name; empty if that person was forgotten. */
  public Optional<String> actor() {
    return identity.map(Identity::name);
  }
}
