package dev.stele.server.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.stele.registry.EventEntry;
import dev.stele.registry.EventFilter;
import dev.stele.registry.EventPage;
import dev.stele.registry.News;
import dev.stele.registry.Registry;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.Json;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * {@code GET /api/v1/events}: events by any mix of filters, in pages; or live as server-sent events
 * for a client that accepts {@code text/event-stream}. {@code GET /api/v1/events/<position>}: one.
 */
final class Events {
  private static final int LARGEST_PAGE = 1_000;
  private static final Duration HEARTBEAT = Duration.ofSeconds(15);
  // How long a stopping server may wait for its streams to notice.
  private static final Duration ATTENTION = Duration.ofSeconds(1);

  private final Registry registry;
  private final CloudEvents cloudEvents;
  private final BooleanSupplier stopping;
  private final Semaphore streams;

  Events(
      Registry registry,
      MeterRegistry meters,
      CloudEvents cloudEvents,
      int maxStreams,
      BooleanSupplier stopping) {
    this.registry = registry;
    this.cloudEvents = cloudEvents;
    this.stopping = stopping;
    this.streams = new Semaphore(maxStreams);
    Gauge.builder("stele.http.streams", streams, free -> maxStreams - free.availablePermits())
        .description("Streams of events that are open now")
        .register(meters);
    Gauge.builder("stele.http.streams.limit", () -> maxStreams)
        .description("How many streams of events may be open at once")
        .register(meters);
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
   * @param next to be passed as {@code after}, or as {@code before} when the newest come first, for
   *     the page that follows; absent if nothing follows now
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Listing(List<Event> events, Optional<Long> next) {}

  /** The event at a position. */
  void get(Exchange exchange, String text) throws IOException {
    if (!text.matches("[0-9]{1,18}")) {
      throw EventParameters.invalid("an event is named by its position in the log, such as 17");
    }
    long position = Long.parseLong(text);
    EventEntry event =
        registry
            .event(position)
            .orElseThrow(
                () ->
                    new DistributionError(
                            404,
                            ErrorCode.NOT_FOUND,
                            "there is no event at position %d yet".formatted(position),
                            Map.of("position", position))
                        .asException());
    exchange.sendJson(200, Event.of(event));
  }

  void get(Exchange exchange) throws IOException, InterruptedException {
    EventParameters parameters = EventParameters.of(exchange.query(), registry.archive(), false);
    boolean cloud = asCloudEvents(exchange);
    if (accepts(exchange, "text/event-stream")) {
      if (parameters.newestFirst() || parameters.through() < Long.MAX_VALUE - 1) {
        throw EventParameters.invalid(
            "a stream has no end: it takes neither order=desc nor before or to");
      }
      stream(
          exchange,
          EventParameters.position(exchange.header("Last-Event-ID"), "Last-Event-ID")
              .orElse(parameters.after()),
          parameters.filter(),
          cloud ? this::cloudEvent : Event::of);
      return;
    }
    int limit = EventParameters.limit(exchange.query());
    EventPage page =
        limit == 0
            ? new EventPage(List.of(), OptionalLong.empty())
            : registry.events(parameters.query(limit));
    if (cloud) {
      sendBatch(exchange, page, parameters.newestFirst());
      return;
    }
    exchange.sendJson(
        200,
        new Listing(
            page.events().stream().map(Event::of).toList(), EventParameters.number(page.next())));
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
  private void sendBatch(Exchange exchange, EventPage page, boolean newestFirst)
      throws IOException {
    if (page.next().isPresent()) {
      String next =
          exchange
              .query()
              .with(newestFirst ? "before" : "after", Long.toString(page.next().getAsLong()))
              .with("format", "cloudevents")
              .toString();
      exchange.set("Link", "</api/v1/events?" + next + ">; rel=\"next\"");
    }
    exchange.sendBytes(
        200, CloudEvents.BATCH_TYPE, cloudEvents.batch(registry.logId(), page.events()));
  }

  /** A stream is open for as long as its client likes, so there may be so many at once. */
  private void stream(
      Exchange exchange, long after, EventFilter filter, Function<EventEntry, Object> form)
      throws IOException, InterruptedException {
    if (!streams.tryAcquire()) {
      throw new DistributionError(
              429, ErrorCode.TOOMANYREQUESTS, "too many streams at once; try again later")
          .with("Retry-After", "5")
          .asException();
    }
    try {
      follow(exchange, after, filter, form);
    } finally {
      streams.release();
    }
  }

  private void follow(
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
      News news = registry.news(position, ATTENTION, filter, LARGEST_PAGE);
      position = news.through();
      for (EventEntry entry : news.events()) {
        write(out, entry, form);
      }
      boolean quiet = System.nanoTime() - lastWrite > HEARTBEAT.toNanos();
      if (quiet) {
        out.write(":\n\n".getBytes(StandardCharsets.US_ASCII));
      }
      if (quiet || !news.events().isEmpty()) {
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
}
