package dev.stele.registry;

import dev.stele.log.LogSignal;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers the events of one webhook: one at a time, in the order of the log, each again until the
 * receiver has taken it. The cursor in the database moves after that, so an event may be delivered
 * twice, but none is left out, and none for the first time after a later one.
 *
 * <p>Two nodes may do this at once for a moment when leadership changes. A node moves the cursor
 * only from where it found it, so neither undoes the other's progress. For one thread, but for
 * {@link #close}.
 */
final class WebhookDelivery implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(WebhookDelivery.class);

  static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

  /** A receiver may ask for more patience than that, but not for ever by mistake. */
  static final Duration LONGEST_RETRY_AFTER = Duration.ofHours(1);

  /** How soon it is noticed that a person resumed the webhook. */
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);

  private static final int PAGE = 200;

  private final Jdbi jdbi;
  private final EventLog log;
  private final Webhook webhook;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final MeterRegistry meters;
  private final BooleanSupplier leading;
  private volatile boolean closed;
  private Instant quietUntil = Instant.MIN;

  /** What this node last knew of the cursor. */
  private volatile Progress progress = new Progress(0, 0, 0);

  private record Progress(long next, long head, int failures) {}

  /**
   * @param leading whether this node does the work that one does for all; asked before each
   *     delivery
   */
  WebhookDelivery(
      Jdbi jdbi,
      EventLog log,
      LogSignal signal,
      Webhook webhook,
      InstantSource clock,
      RandomGenerator random,
      BooleanSupplier leading,
      MeterRegistry meters) {
    this.jdbi = jdbi;
    this.log = log;
    this.webhook = webhook;
    this.clock = clock;
    this.random = random;
    this.leading = leading;
    this.meters = meters;
    Gauge.builder("stele.webhook.lag", () -> lag(signal))
        .description("Events that the webhook has not dealt with, on the node that leads; else 0")
        .tag("webhook", webhook.name())
        .register(meters);
    Gauge.builder("stele.webhook.failures", () -> leading.getAsBoolean() ? progress.failures() : 0)
        .description("Failed deliveries in a row, on the node that leads; else 0")
        .tag("webhook", webhook.name())
        .register(meters);
  }

  private long lag(LogSignal signal) {
    Progress now = progress;
    return leading.getAsBoolean() ? Math.max(now.head(), signal.known()) - now.next() : 0;
  }

  /**
   * Delivers the next events, until one fails.
   *
   * @return whether there may be more to deliver at once
   */
  boolean step() throws InterruptedException {
    if (closed || clock.instant().isBefore(quietUntil)) {
      return false;
    }
    Optional<WebhookCursor> found = read();
    if (found.isEmpty()) {
      create();
      return true;
    }
    if (!due(found.get())) {
      return false;
    }
    WebhookCursor cursor = found.get();
    List<EventEntry> page = log.events(cursor.nextPosition() - 1, PAGE, EventFilter.ALL);
    long saved = cursor.nextPosition();
    long passed = saved;
    for (EventEntry event : page) {
      if (webhook.wants(event)) {
        if (closed || !leading.getAsBoolean() || !deliver(event, saved)) {
          return false;
        }
        if (!advance(saved, event.position() + 1, Optional.of(clock.instant()))) {
          return true;
        }
        saved = event.position() + 1;
      }
      passed = event.position() + 1;
    }
    if (passed > saved) {
      advance(saved, passed, Optional.empty());
    }
    return !page.isEmpty();
  }

  /** Gives the webhook a cursor if it has none. */
  void create() {
    Availability.guard(
        () -> {
          jdbi.useHandle(
              handle -> WebhookCursor.create(handle, webhook.name(), webhook.fromStart()));
          return null;
        });
  }

  private Optional<WebhookCursor> read() {
    Optional<WebhookCursor> cursor =
        Availability.read(jdbi, handle -> WebhookCursor.find(handle, webhook.name()));
    cursor.ifPresent(
        now -> progress = new Progress(now.nextPosition(), now.head(), now.failures()));
    return cursor;
  }

  private boolean due(WebhookCursor cursor) {
    Instant now = clock.instant();
    Instant lookAgain = now.plus(LOOK_AGAIN);
    if (cursor.paused()) {
      quietUntil = lookAgain;
      return false;
    }
    Instant next = cursor.nextTryAt().orElse(Instant.MIN);
    if (next.isAfter(now)) {
      quietUntil = next.isBefore(lookAgain) ? next : lookAgain;
      return false;
    }
    return true;
  }

  private boolean advance(long from, long to, Optional<Instant> deliveredAt) {
    boolean moved =
        Availability.guard(
            () ->
                jdbi.withHandle(
                    handle ->
                        WebhookCursor.advance(handle, webhook.name(), from, to, deliveredAt)));
    if (moved) {
      progress = new Progress(to, progress.head(), 0);
    }
    return moved;
  }

  private boolean deliver(EventEntry event, long saved) throws InterruptedException {
    long start = System.nanoTime();
    WebhookReceiver.Answer answer = webhook.receiver().deliver(log.identity().orElseThrow(), event);
    long nanos = System.nanoTime() - start;
    return switch (answer) {
      case WebhookReceiver.Answer.Taken() -> {
        count("taken", nanos);
        yield true;
      }
      case WebhookReceiver.Answer.Failed(String reason, Optional<Duration> retryAfter) -> {
        if (!closed) {
          count("failed", nanos);
          failed(event, saved, reason, Optional.of(pause(retryAfter)));
        }
        yield false;
      }
      case WebhookReceiver.Answer.Gone(String reason) -> {
        count("gone", nanos);
        failed(event, saved, reason, Optional.empty());
        yield false;
      }
    };
  }

  private void count(String outcome, long nanos) {
    Timer.builder("stele.webhook.deliveries")
        .description("Attempts to deliver an event, and how long the receiver took")
        .tags("webhook", webhook.name(), "outcome", outcome)
        .register(meters)
        .record(nanos, TimeUnit.NANOSECONDS);
  }

  private void failed(EventEntry event, long saved, String reason, Optional<Duration> pause) {
    int row = progress.failures() + 1;
    logger.warn(
        "webhook {}: event {} was not delivered ({} in a row): {}; {}",
        webhook.name(),
        event.position(),
        row,
        reason,
        pause.isPresent()
            ? "next try in " + pause.get()
            : "paused until somebody says: stele webhooks resume " + webhook.name());
    Instant now = clock.instant();
    Availability.guard(
        () -> {
          jdbi.useHandle(
              handle ->
                  WebhookCursor.fail(
                      handle, webhook.name(), saved, reason, now, pause.map(now::plus)));
          return null;
        });
    progress = new Progress(saved, progress.head(), row);
  }

  /**
   * Longer after each failure, and of random length, so that many webhooks do not march in step.
   */
  private Duration pause(Optional<Duration> retryAfter) {
    Duration longest = FIRST_PAUSE.multipliedBy(1L << Math.min(progress.failures(), 20));
    long millis = Math.min(longest.toMillis(), LONGEST_PAUSE.toMillis());
    Duration pause = Duration.ofMillis(millis / 2 + random.nextLong(millis / 2 + 1));
    Duration asked =
        retryAfter
            .filter(after -> after.compareTo(LONGEST_RETRY_AFTER) < 0)
            .orElse(retryAfter.isPresent() ? LONGEST_RETRY_AFTER : Duration.ZERO);
    return asked.compareTo(pause) > 0 ? asked : pause;
  }

  /** Makes a delivery that is going on fail, which is not noted as a failure. */
  @Override
  public void close() {
    closed = true;
    webhook.receiver().close();
  }
}
