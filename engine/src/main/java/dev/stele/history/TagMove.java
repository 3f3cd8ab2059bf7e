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
 * That a tag came, moved or went, as an event tells it.
 *
 * @param position of the event
 * @param actor the actor's name; empty if that person was forgotten
 * @param from what it pointed to before
 * @param to what it pointed to from then on
 * @param cause {@code kind} and, where there is one, {@code detail}
 */
public record TagMove(
    long position,
    Instant at,
    Optional<String> actor,
    RepositoryName repository,
    Tag tag,
    Change change,
    Optional<Digest> from,
    Optional<Digest> to,
    JsonNode cause) {
  /** What happened to the tag. */
  public enum Change {
    CREATED,
    MOVED,
    DELETED
  }

  /** The types of events that say so. */
  public static final Set<String> TYPES = Set.of("TagMoved", "TagRestored", "TagDeleted");

  /** The types of events with which a tag begins to point to their digest. */
  static final Set<String> BEGINNINGS = Set.of("TagMoved", "TagRestored");

  /**
   * What an event says.
   *
   * @param event of one of the {@link #TYPES}
   */
  public static TagMove of(EventEntry event) {
    boolean begins = BEGINNINGS.contains(event.type());
    Digest digest = Digest.parse(event.data().get("digest").asText());
    Optional<Digest> previous =
        Optional.ofNullable(event.data().get("previous")).map(JsonNode::asText).map(Digest::parse);
    return new TagMove(
        event.position(),
        event.recordedAt(),
        event.actor(),
        RepositoryName.parse(event.repository().orElseThrow()),
        Tag.parse(event.data().get("tag").asText()),
        begins ? previous.isPresent() ? Change.MOVED : Change.CREATED : Change.DELETED,
        begins ? previous : Optional.of(digest),
        begins ? Optional.of(digest) : Optional.empty(),
        event.cause());
  }
}
