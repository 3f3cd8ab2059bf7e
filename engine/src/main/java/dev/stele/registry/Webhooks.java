package dev.stele.registry;

import dev.stele.log.LogSignal;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The webhooks of a registry. What is told of them, and what a person does to one, is a matter of
 * the database, so it holds for all nodes. Methods throw {@link RegistryUnavailableException} when
 * the database is away. Thread-safe.
 */
public final class Webhooks {
  private static final Logger logger = LoggerFactory.getLogger(Webhooks.class);

  private final Jdbi jdbi;
  private final EventLog log;
  private final LogSignal signal;
  private final Map<String, Webhook> configured;
  private final MeterRegistry meters;
  private volatile List<WebhookDelivery> deliveries = List.of();

  Webhooks(
      Jdbi jdbi, EventLog log, LogSignal signal, List<Webhook> configured, MeterRegistry meters) {
    this.jdbi = jdbi;
    this.log = log;
    this.signal = signal;
    this.configured =
        configured.stream()
            .collect(Collectors.toUnmodifiableMap(Webhook::name, Function.identity()));
    this.meters = meters;
  }

  /** Gives new webhooks their cursors, so that what happens from now on is not lost to them. */
  void register() {
    Availability.guard(
        () -> {
          jdbi.useTransaction(
              handle ->
                  configured
                      .values()
                      .forEach(
                          webhook ->
                              WebhookCursor.create(handle, webhook.name(), webhook.fromStart())));
          return null;
        });
  }

  /** What is to be done for each, by name, while this node leads. To be called once. */
  Map<String, WebhookDelivery> begin(BooleanSupplier leading) {
    Map<String, WebhookDelivery> begun =
        configured.values().stream()
            .collect(
                Collectors.toUnmodifiableMap(Webhook::name, webhook -> delivery(webhook, leading)));
    deliveries = List.copyOf(begun.values());
    return begun;
  }

  private WebhookDelivery delivery(Webhook webhook, BooleanSupplier leading) {
    return new WebhookDelivery(
        jdbi,
        log,
        signal,
        webhook,
        InstantSource.system(),
        () -> ThreadLocalRandom.current().nextLong(),
        leading,
        meters);
  }

  /** How each is doing, also those that are remembered and no longer configured, by name. */
  public List<WebhookStatus> list() {
    return Availability.read(jdbi, WebhookCursor::list).stream()
        .map(cursor -> WebhookStatus.of(cursor, Optional.ofNullable(configured.get(cursor.name()))))
        .toList();
  }

  /**
   * Lets a webhook that is paused or waits try again, within about a second.
   *
   * @return false if there is none of that name
   */
  public boolean resume(String name) {
    return Availability.guard(() -> jdbi.withHandle(handle -> WebhookCursor.resume(handle, name)));
  }

  /**
   * Forgets how far a webhook has come. If it is configured, it begins anew at once, else when it
   * is configured again.
   *
   * @return false if there is none of that name
   */
  public boolean forget(String name) {
    return Availability.guard(() -> jdbi.withHandle(handle -> WebhookCursor.forget(handle, name)));
  }

  /** Makes deliveries that are going on fail at once; they are repeated by whoever leads next. */
  void close() {
    deliveries.forEach(WebhookDelivery::close);
    for (Webhook webhook : configured.values()) {
      try {
        webhook.receiver().close();
      } catch (RuntimeException e) {
        logger.warn("the receiver of webhook {} cannot be closed", webhook.name(), e);
      }
    }
  }
}
