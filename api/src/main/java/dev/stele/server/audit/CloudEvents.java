package dev.stele.server.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.registry.EventEntry;
import dev.stele.server.http.Json;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Events in the form of <a
 * href="https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md">
 * CloudEvents 1.0</a>. Immutable and thread-safe.
 */
public final class CloudEvents {
  /** The media type of one event in structured mode. */
  public static final String EVENT_TYPE = "application/cloudevents+json";

  /** The media type of a JSON array of events. */
  static final String BATCH_TYPE = "application/cloudevents-batch+json";

  private final Optional<String> source;

  /**
   * @param source a URI reference that names this registry; absent: a URN made from the identity of
   *     the log
   */
  public CloudEvents(Optional<String> source) {
    this.source = source;
  }

  /**
   * One event. {@code source} and {@code id} together are unique.
   *
   * @param id the position
   * @param subject the repository, with the tag or digest where the event has one
   * @param data the event as {@code GET /api/v1/events} shows it
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record CloudEvent(
      String specversion,
      String id,
      String source,
      String type,
      Optional<String> subject,
      String time,
      String datacontenttype,
      Events.Event data) {}

  /** An event of the log that has this identity. */
  CloudEvent of(UUID log, EventEntry entry) {
    return new CloudEvent(
        "1.0",
        Long.toString(entry.position()),
        source.orElseGet(() -> "urn:uuid:" + log),
        "dev.stele." + entry.type(),
        subject(entry),
        entry.recordedAt().toString(),
        "application/json",
        Events.Event.of(entry));
  }

  /** The same in structured mode, as UTF-8 JSON. */
  public byte[] bytes(UUID log, EventEntry entry) {
    return Json.bytes(of(log, entry));
  }

  /** A batch, as UTF-8 JSON. */
  byte[] batch(Optional<UUID> log, List<EventEntry> entries) {
    return Json.bytes(entries.stream().map(entry -> of(log.orElseThrow(), entry)).toList());
  }

  private static Optional<String> subject(EventEntry entry) {
    return entry
        .repository()
        .map(
            repository ->
                repository
                    + part(entry, "tag", ":").or(() -> part(entry, "digest", "@")).orElse(""));
  }

  private static Optional<String> part(EventEntry entry, String field, String separator) {
    return Optional.ofNullable(entry.data().get(field))
        .filter(JsonNode::isTextual)
        .map(text -> separator + text.asText());
  }
}
