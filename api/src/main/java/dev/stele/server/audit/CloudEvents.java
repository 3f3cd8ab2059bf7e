package dev.stele.server.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.log.LogIdentity;
import dev.stele.question.EventRow;
import dev.stele.registry.EventEntry;
import dev.stele.server.http.Json;
import java.util.List;
import java.util.Optional;

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
   *     the log. Either has the epoch of an event as its fragment
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
      EventRow data) {}

  /** An event of the log that has this identity. */
  CloudEvent of(LogIdentity log, EventRow event) {
    return new CloudEvent(
        "1.0",
        Long.toString(event.position()),
        source(log, event.position()),
        "dev.stele." + event.type(),
        subject(event),
        event.recordedAt(),
        "application/json",
        event);
  }

  /**
   * Of the first epoch it is the plain name, so that an event keeps its name when another begins.
   */
  private String source(LogIdentity log, long position) {
    String name = source.orElseGet(() -> "urn:uuid:" + log.id());
    return log.epoch(position)
        .map(epoch -> name + (name.contains("#") ? "." : "#") + epoch)
        .orElse(name);
  }

  /** The same in structured mode, as UTF-8 JSON. */
  public byte[] bytes(LogIdentity log, EventEntry entry) {
    return Json.bytes(of(log, EventRow.of(entry)));
  }

  /** A batch, as UTF-8 JSON. */
  byte[] batch(Optional<LogIdentity> log, List<EventRow> events) {
    return Json.bytes(events.stream().map(event -> of(log.orElseThrow(), event)).toList());
  }

  private static Optional<String> subject(EventRow event) {
    return event
        .repository()
        .map(
            repository ->
                repository
                    + part(event, "tag", ":").or(() -> part(event, "digest", "@")).orElse(""));
  }

  private static Optional<String> part(EventRow event, String field, String separator) {
    return Optional.ofNullable(event.data().get(field))
        .filter(JsonNode::isTextual)
        .map(text -> separator + text.asText());
  }
}
