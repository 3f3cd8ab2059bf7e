package dev.stele.server.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.stele.oci.RepositoryName;
import dev.stele.registry.EventEntry;
import dev.stele.registry.EventFilter;
import dev.stele.registry.Registry;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.Json;
import dev.stele.server.http.PageRequest;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * {@code GET /api/v1/events}: the log, a page after a position; or live as server-sent events for a
 * client that accepts {@code text/event-stream}.
 */
final class Events {
  private static final int DEFAULT_PAGE = 100;
  private static final int LARGEST_PAGE = 1_000;
  private static final Duration HEARTBEAT = Duration.ofSeconds(15);
  // How long a stopping server may wait for its streams to notice.
  private static final Duration ATTENTION = Duration.ofSeconds(1);

  private final Registry registry;
  private final CloudEvents cloudEvents;
  private final BooleanSupplier stopping;

  Events(Registry registry, CloudEvents cloudEvents, BooleanSupplier stopping) {
    this.registry = registry;
    this.cloudEvents = cloudEvents;
    this.stopping = stopping;
  }

  /**
   * An event as JSON.
   *
   * @param position as a JSON number; below 2^53
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Event(
      long position,
      String type,
      Optional<String> repository,
      String recordedAt,
      Optional<String> actor,
      Object cause,
      String requestId,
      Object data) {
    static Event of(EventEntry entry) {
      return new Event(
          entry.position(),
          entry.type(),
          entry.repository(),
          entry.recordedAt().toString(),
          entry.actor(),
          entry.cause(),
          entry.requestId(),
          entry.data());
    }
  }

  /**
   * A page of events.
   *
   * @param next to be passed as {@code after} for the page that follows; absent if nothing follows
   *     now
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Listing(List<Event> events, Optional<Long> next) {}

  void get(Exchange exchange) throws IOException, InterruptedException {
    EventFilter filter =
        new EventFilter(
            exchange.query().first("repository").map(RepositoryName::parse),
            exchange.query().first("type"));
    long after = position(exchange.query().first("after"), "after").orElse(-1L);
    boolean cloud = asCloudEvents(exchange);
    if (accepts(exchange, "text/event-stream")) {
      stream(
          exchange,
          position(exchange.header("Last-Event-ID"), "Last-Event-ID").orElse(after),
          filter,
          cloud ? this::cloudEvent : Event::of);
      return;
    }
    int limit = PageRequest.size(exchange.query(), "limit", DEFAULT_PAGE, LARGEST_PAGE);
    if (limit == 0 && !cloud) {
      exchange.sendJson(200, new Listing(List.of(), Optional.empty()));
      return;
    }
    List<EventEntry> found = limit == 0 ? List.of() : registry.events(after, limit + 1, filter);
    boolean more = found.size() > limit;
    List<EventEntry> page = more ? found.subList(0, limit) : found;
    if (cloud) {
      sendBatch(exchange, page, more);
      return;
    }
    exchange.sendJson(
        200,
        new Listing(
            page.stream().map(Event::of).toList(),
            more ? Optional.of(page.getLast().position()) : Optional.empty()));
  }

  /** Whether a client wants CloudEvents: by {@code format}, or, of a page, by {@code Accept}. */
  private static boolean asCloudEvents(Exchange exchange) {
    Optional<String> format = exchange.query().first("format");
    if (format.filter(name -> !name.equals("cloudevents") && !name.equals("stele")).isPresent()) {
      throw new DistributionError(
              400, ErrorCode.REQUEST_INVALID, "format must be stele or cloudevents")
          .asException();
    }
    return format
        .map("cloudevents"::equals)
        .orElseGet(() -> accepts(exchange, CloudEvents.BATCH_TYPE));
  }

  private static boolean accepts(Exchange exchange, String mediaType) {
    return exchange.header("Accept").filter(accept -> accept.contains(mediaType)).isPresent();
  }

  private CloudEvents.CloudEvent cloudEvent(EventEntry entry) {
    return cloudEvents.of(registry.logId().orElseThrow(), entry);
  }

  /** An array has no place for {@code next}, so a link says where the next page is. */
  private void sendBatch(Exchange exchange, List<EventEntry> page, boolean more)
      throws IOException {
    if (more) {
      Map<String, String> parameters = exchange.query().firstValues();
      parameters.put("after", Long.toString(page.getLast().position()));
      parameters.put("format", "cloudevents");
      exchange.set("Link", PageRequest.next("/api/v1/events", parameters));
    }
    exchange.sendBytes(200, CloudEvents.BATCH_TYPE, cloudEvents.batch(registry.logId(), page));
  }

  private void stream(
      Exchange exchange, long after, EventFilter filter, Function<EventEntry, Object> form)
      throws IOException, InterruptedException {
    exchange.set("Cache-Control", "no-store").set("X-Accel-Buffering", "no");
    OutputStream out = exchange.startStream(200, "text/event-stream");
    if (exchange.isHead()) {
      return;
    }
    out.write(":\n\n".getBytes(StandardCharsets.US_ASCII));
    out.flush();
    long position = after;
    long lastWrite = System.nanoTime();
    while (!stopping.getAsBoolean()) {
      // Read before the events, so that what is passed over really does not match the filter.
      long head = registry.awaitEvents(position, ATTENTION);
      if (head > position) {
        List<EventEntry> found = registry.events(position, LARGEST_PAGE, filter);
        for (EventEntry entry : found) {
          write(out, entry, form);
        }
        if (!found.isEmpty()) {
          out.flush();
          lastWrite = System.nanoTime();
        }
        position =
            found.size() == LARGEST_PAGE
                ? found.getLast().position()
                : Math.max(head, found.isEmpty() ? -1 : found.getLast().position());
      }
      if (System.nanoTime() - lastWrite > HEARTBEAT.toNanos()) {
        out.write(":\n\n".getBytes(StandardCharsets.US_ASCII));
        out.flush();
        lastWrite = System.nanoTime();
      }
    }
  }

  private static void write(OutputStream out, EventEntry entry, Function<EventEntry, Object> form)
      throws IOException {
    out.write(
        ("id: " + entry.position() + "\nevent: " + entry.type() + "\ndata: ")
            .getBytes(StandardCharsets.UTF_8));
    out.write(Json.bytes(form.apply(entry)));
    out.write("\n\n".getBytes(StandardCharsets.US_ASCII));
  }

  private static Optional<Long> position(Optional<String> text, String name) {
    return text.map(
        digits -> {
          if (!digits.matches("-1|[0-9]{1,18}")) {
            throw new DistributionError(
                    400, ErrorCode.REQUEST_INVALID, name + " must be a position of the log, or -1")
                .asException();
          }
          return Long.valueOf(digits);
        });
  }
}
