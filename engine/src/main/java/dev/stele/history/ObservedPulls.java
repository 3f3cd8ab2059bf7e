package dev.stele.history;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.registry.EventEntry;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * That somebody pulled a manifest, so many times, as an event tells it.
 *
 * @param position of the event
 * @param at when it was recorded, which is up to a minute after the last pull
 * @param actor the actor's name; empty if that person was forgotten
 * @param tag by which; absent: by digest
 * @param first when the first of them was
 * @param last when the last of them was
 */
public record ObservedPulls(
    long position,
    Instant at,
    Optional<String> actor,
    RepositoryName repository,
    Optional<Tag> tag,
    Digest digest,
    long count,
    Instant first,
    Instant last) {
  /** The types of events that say so. */
  public static final Set<String> TYPES = Set.of("PullsObserved");

  /**
   * What an event says.
   *
   * @param event of one of the {@link #TYPES}
   */
  public static ObservedPulls of(EventEntry event) {
    JsonNode data = event.data();
    return new ObservedPulls(
        event.position(),
        event.recordedAt(),
        event.actor(),
        RepositoryName.parse(event.repository().orElseThrow()),
        Optional.ofNullable(data.get("tag")).map(JsonNode::asText).map(Tag::parse),
        Digest.parse(data.get("digest").asText()),
        Long.parseLong(data.get("count").asText()),
        Instant.parse(data.get("first").asText()),
        Instant.parse(data.get("last").asText()));
  }
}
