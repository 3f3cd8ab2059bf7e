package dev.stele.it;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;

/**
 * An event as {@code GET /api/v1/events} tells it.
 *
 * @param repository empty for an event that concerns none
 * @param actor empty if that person was forgotten
 * @param requestId the request, or the piece of background work, that it came of
 * @param cause why it happened: its kind and, where there is one, a detail
 * @param data what the event's type adds, such as digest and tag
 */
record RecordedEvent(
    long position,
    String type,
    String repository,
    Instant recordedAt,
    String actor,
    String requestId,
    JsonNode cause,
    JsonNode data) {

  static RecordedEvent of(JsonNode json) {
    return new RecordedEvent(
        json.required("position").asLong(),
        json.required("type").asText(),
        json.path("repository").asText(""),
        Instant.parse(json.required("recordedAt").asText()),
        json.path("actor").asText(""),
        json.required("requestId").asText(),
        json.required("cause"),
        json.required("data"));
  }

  /** The digest that it speaks of; empty if it speaks of none. */
  String digest() {
    return data.path("digest").asText("");
  }

  /** The tag that it speaks of; empty if it speaks of none. */
  String tag() {
    return data.path("tag").asText("");
  }
}
