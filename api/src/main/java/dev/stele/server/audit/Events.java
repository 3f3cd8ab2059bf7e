package dev.stele.server.audit;

import dev.stele.question.Answer;
import dev.stele.question.Asked;
import dev.stele.question.EventRow;
import dev.stele.question.EventSelection;
import dev.stele.question.Question;
import dev.stele.question.Questions;
import dev.stele.registry.EventEntry;
import dev.stele.registry.EventFilter;
import dev.stele.registry.News;
import dev.stele.registry.Registry;
import dev.stele.server.http.Accept;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.Json;
import dev.stele.server.http.RefusedRequestException;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * {@code GET /api/v1/events}: the question in the forms that only events have: live, as server-sent
 * events, and as CloudEvents.
 */
final class Events {
  private static final String STREAM = "text/event-stream";
  private static final List<String> TYPES =
      List.of(STREAM, CloudEvents.BATCH_TYPE, Exchange.JSON, Answering.CSV);

  /** What a stream that is not read keeps in memory, and there may be many. */
  private static final int AT_ONCE = 20;

  private static final Duration HEARTBEAT = Duration.ofSeconds(15);
  // How long a stopping server may wait for its streams to notice.
  private static final Duration ATTENTION = Duration.ofSeconds(1);

  private final Registry registry;
  private final Question<EventRow> question;
  private final AuditWork work;
  private final CloudEvents cloudEvents;
  private final BooleanSupplier stopping;
  private final Semaphore streams;

  Events(
      Registry registry,
      Questions questions,
      AuditWork work,
      MeterRegistry meters,
      CloudEvents cloudEvents,
      int maxStreams,
      BooleanSupplier stopping) {
    this.registry = registry;
    this.question = questions.events();
    this.work = work;
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
   * Events in pages, or live for a client that accepts {@code text/event-stream}; as CloudEvents if
   * it asks for those by {@code format} or, of a page, by {@code Accept}.
   */
  void get(Exchange exchange) throws IOException, InterruptedException {
    String accepted = Accept.of(exchange).best(Exchange.JSON, TYPES);
    boolean stream = accepted.equals(STREAM);
    Optional<String> format = exchange.query().first(Question.FORMAT.name());
    boolean cloud =
        format.map("cloudevents"::equals).orElseGet(() -> accepted.equals(CloudEvents.BATCH_TYPE));
    if (!stream && !cloud) {
      Answering.answer(exchange, work, question, Map.of());
      return;
    }
    Asked asked =
        new Asked(
            Map.of(),
            exchange.query().without(Question.FORMAT.name()),
            "",
            exchange.access(),
            exchange.prefix());
    if (stream) {
      exchange.query().refuseOthers(known());
      if (!cloud && format.filter(form -> !form.equals("json")).isPresent()) {
        throw invalid("a stream is no page: format must be json or cloudevents");
      }
      EventSelection selection = EventSelection.of(asked, registry, false);
      if (selection.newestFirst() || selection.through() < Long.MAX_VALUE - 1) {
        throw invalid("a stream has no end: it takes neither order=desc nor before or to");
      }
      if (exchange.query().first("limit").isPresent()) {
        throw invalid("a stream has no end: it takes no limit");
      }
      stream(
          exchange,
          start(exchange, selection),
          selection.filter(),
          cloud ? this::cloudEvent : EventRow::of);
      return;
    }
    sendBatch(exchange, asked, work.run(() -> question.ask(asked)));
  }

  private Set<String> known() {
    Set<String> known = new TreeSet<>(question.parameters());
    known.add(Question.FORMAT.name());
    return known;
  }

  private static long position(String text) {
    if (!text.matches("-1|[0-9]{1,18}")) {
      throw invalid("Last-Event-ID must be a position of the log, or -1");
    }
    return Long.parseLong(text);
  }

  private static RefusedRequestException invalid(String message) {
    return new DistributionError(400, ErrorCode.REQUEST_INVALID, message).asException();
  }

  /**
   * After which position a stream begins. One that is not there yet was taken from another database
   * than this: to wait for it would be to keep silent of all that comes before it.
   */
  private long start(Exchange exchange, EventSelection selection) {
    Optional<Long> last = exchange.header("Last-Event-ID").map(Events::position);
    long after = last.orElse(selection.after());
    long newest = registry.log().newestPosition();
    if (after > newest) {
      throw invalid(
          "%s is %d, but the newest event is %d: a database that was restored has fewer events than before; go on after %d once what followed it is dealt with"
              .formatted(last.isPresent() ? "Last-Event-ID" : "after", after, newest, newest));
    }
    return after;
  }

  private CloudEvents.CloudEvent cloudEvent(EventEntry entry) {
    return cloudEvents.of(registry.log().identity().orElseThrow(), EventRow.of(entry));
  }

  /** An array has no place for {@code next}, so a link says where the next page is. */
  private void sendBatch(Exchange exchange, Asked asked, Answer<EventRow> page) throws IOException {
    question
        .next(asked, page)
        .ifPresent(next -> exchange.set("Link", "<" + next + "&format=cloudevents>; rel=\"next\""));
    exchange
        .set("Vary", "Accept")
        .sendBytes(
            200, CloudEvents.BATCH_TYPE, cloudEvents.batch(registry.log().identity(), page.rows()));
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
      Exchange exchange, long start, EventFilter filter, Function<EventEntry, Object> form)
      throws IOException, InterruptedException {
    exchange.set("Cache-Control", "no-store").set("X-Accel-Buffering", "no");
    OutputStream out = exchange.startStream(200, STREAM);
    if (exchange.isHead()) {
      return;
    }
    out.write(":\n\n".getBytes(StandardCharsets.US_ASCII));
    out.flush();
    long position = start;
    long lastWrite = System.nanoTime();
    while (!stopping.getAsBoolean()) {
      List<EventEntry> events = List.of();
      if (registry.log().await(position, ATTENTION)) {
        long after = position;
        News news = work.runLetIn(() -> registry.log().news(after, filter, AT_ONCE));
        position = news.through();
        events = news.events();
      }
      // A right that was taken away ends with what it was for.
      if (!exchange.stillPasses()) {
        return;
      }
      for (EventEntry entry : events) {
        write(out, entry, form);
      }
      boolean quiet = System.nanoTime() - lastWrite > HEARTBEAT.toNanos();
      if (quiet) {
        out.write(":\n\n".getBytes(StandardCharsets.US_ASCII));
      }
      if (quiet || !events.isEmpty()) {
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
