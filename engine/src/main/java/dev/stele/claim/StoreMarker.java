package dev.stele.claim;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.UUID;

/**
 * What a store says about whom it belongs to, as JSON of one line.
 *
 * @param claim one of those that the owner's database has
 * @param log the identity of the owner's log, for people; absent while that is empty
 * @param position up to which events are known to have been acknowledged; -1 for none
 * @param event the SHA-256 of the event at that position, in hex; empty for none. Only a log that
 *     has this very event has everything that was acknowledged up to there
 */
public record StoreMarker(UUID claim, Optional<UUID> log, long position, String event) {
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  String toJson() {
    ObjectNode json = JSON.createObjectNode();
    json.put("claim", claim.toString());
    log.ifPresent(id -> json.put("log", id.toString()));
    json.put("position", Long.toString(position));
    json.put("event", event);
    return json.toString();
  }

  /** Reads what {@link #toJson} wrote; empty for anything else. */
  static Optional<StoreMarker> parse(String text) {
    try {
      JsonNode json = JSON.readTree(text);
      return Optional.of(
          new StoreMarker(
              UUID.fromString(json.path("claim").asText()),
              json.has("log")
                  ? Optional.of(UUID.fromString(json.path("log").asText()))
                  : Optional.empty(),
              Long.parseLong(json.path("position").asText()),
              json.path("event").asText()));
    } catch (JsonProcessingException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
