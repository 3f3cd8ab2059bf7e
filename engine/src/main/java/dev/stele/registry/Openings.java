package dev.stele.registry;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.event.ActorId;
import dev.stele.event.Commitment;
import dev.stele.event.Identity;
import dev.stele.event.Opening;
import dev.stele.event.Origin;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/**
 * Who some events name and where they were, as far as that is known and is what the leaves have.
 */
final class Openings {
  /** What is shown of an origin that is not what the leaf has. */
  private static final Origin ALTERED =
      new Origin(Optional.of(Identity.ALTERED.name()), Optional.empty(), Optional.empty());

  /** The field of an event that commits to somebody. */
  private static final String USER = "user";

  private final Map<UUID, Opening> kept;

  private Openings(Map<UUID, Opening> kept) {
    this.kept = kept;
  }

  /** Those of some leaves. */
  static Openings of(Handle handle, Collection<JsonNode> leaves) {
    UUID[] ids =
        leaves.stream()
            .flatMap(
                leaf ->
                    Stream.of(leaf.get("actor"), leaf.get("origin"), leaf.get("data").get(USER)))
            .filter(Objects::nonNull)
            .map(JsonNode::asText)
            .distinct()
            .map(Openings::id)
            .toArray(UUID[]::new);
    Map<UUID, Opening> kept = new HashMap<>();
    handle
        .createQuery(
            """
            SELECT id, opening FROM actor WHERE id = ANY (:ids) AND opening IS NOT NULL
            UNION ALL
            SELECT id, opening FROM origin WHERE id = ANY (:ids)
            """)
        .bindArray("ids", UUID.class, (Object[]) ids)
        .map(
            (row, _) ->
                kept.put(row.getObject("id", UUID.class), new Opening(row.getString("opening"))))
        .list();
    return new Openings(kept);
  }

  private static UUID id(String commitment) {
    return ActorId.of(new Commitment(commitment)).value();
  }

  /** Those that are what was committed to, by that. */
  Map<String, Opening> genuine() {
    return kept.entrySet().stream()
        .filter(entry -> ActorId.of(entry.getValue().commitment()).value().equals(entry.getKey()))
        .map(Map.Entry::getValue)
        .collect(
            Collectors.toMap(
                opening -> opening.commitment().hex(), opening -> opening, (a, _) -> a));
  }

  /** Who acted; empty if they were forgotten. */
  Optional<Identity> actor(JsonNode leaf) {
    return identity(leaf.get("actor").asText());
  }

  /** The user whom it is about; empty if there is none, or they were forgotten. */
  Optional<Identity> user(JsonNode leaf) {
    return Optional.ofNullable(leaf.get("data").get(USER))
        .map(JsonNode::asText)
        .flatMap(this::identity);
  }

  private Optional<Identity> identity(String committed) {
    return opening(committed)
        .map(
            opening ->
                opening.ifOpens(committed).flatMap(Opening::identity).orElse(Identity.ALTERED));
  }

  /** Where they were; empty if that is not known, or they were forgotten. */
  Optional<Origin> origin(JsonNode leaf) {
    return Optional.ofNullable(leaf.get("origin"))
        .map(JsonNode::asText)
        .flatMap(
            committed ->
                opening(committed)
                    .map(
                        opening ->
                            opening.ifOpens(committed).flatMap(Opening::origin).orElse(ALTERED)));
  }

  private Optional<Opening> opening(String committed) {
    return Optional.ofNullable(kept.get(id(committed)));
  }
}
