package dev.stele.registry;

import dev.stele.blob.BlobStores;
import dev.stele.log.LogReader;
import dev.stele.projection.Projection;
import dev.stele.projection.RobotView;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * How long the log is, how far its followers have come, and how much is stored, for metrics.
 * Whoever reads them causes a query of a few look-ups every {@link #FRESH} at most; counting what
 * is stored takes as long as there are objects, so it is done every {@link #COUNTED} at most. While
 * the database is away they are not a number. Thread-safe.
 */
final class LogGauges {
  private static final Duration FRESH = Duration.ofSeconds(2);
  private static final Duration KEYS = Duration.ofMinutes(1);
  private static final Duration COUNTED = Duration.ofMinutes(10);

  private record Lag(long events, double seconds) {}

  private record Stored(long objects, long bytes) {}

  private record Progress(long newest, Map<String, Lag> lags) {}

  private final Sampled<Progress> progress;
  private final Sampled<Map<String, Stored>> stored;
  private final Sampled<Optional<Instant>> robots;

  LogGauges(Jdbi jdbi) {
    this.progress = new Sampled<>(jdbi, FRESH, LogGauges::progress);
    this.stored = new Sampled<>(jdbi, COUNTED, LogGauges::stored);
    this.robots = new Sampled<>(jdbi, KEYS, RobotView::nextExpiry);
  }

  private static <T> double number(Sampled<T> sampled, ToDoubleFunction<T> part) {
    return sampled.get().stream().mapToDouble(part).findFirst().orElse(Double.NaN);
  }

  void register(MeterRegistry meters, List<Projection> views, BlobStores stores) {
    Gauge.builder("stele.log.position", progress, p -> number(p, known -> (double) known.newest()))
        .description("Position of the newest event, -1 if there is none")
        .strongReference(true)
        .register(meters);
    TimeGauge.builder("stele.robots.remaining", robots, TimeUnit.SECONDS, LogGauges::remaining)
        .description("How long until a robot has no key any more; not a number if none has one")
        .strongReference(true)
        .register(meters);
    Lag none = new Lag(0, 0);
    for (Projection view : views) {
      Gauge.builder(
              "stele.view.lag.events",
              progress,
              p ->
                  number(
                      p, known -> (double) known.lags().getOrDefault(view.name(), none).events()))
          .description("How many events a view has not taken in yet")
          .tag("view", view.name())
          .strongReference(true)
          .register(meters);
      TimeGauge.builder(
              "stele.view.lag",
              progress,
              TimeUnit.SECONDS,
              p -> number(p, known -> known.lags().getOrDefault(view.name(), none).seconds()))
          .description("How old the first event is that a view has not taken in yet")
          .tag("view", view.name())
          .strongReference(true)
          .register(meters);
    }
    Stored nothing = new Stored(0, 0);
    for (BlobStores.Named store : stores.all()) {
      Gauge.builder(
              "stele.stored.objects",
              stored,
              s -> number(s, all -> (double) all.getOrDefault(store.name(), nothing).objects()))
          .description("Objects that the log has in a store, counted every ten minutes")
          .tag("store", store.name())
          .strongReference(true)
          .register(meters);
      Gauge.builder(
              "stele.stored",
              stored,
              s -> number(s, all -> (double) all.getOrDefault(store.name(), nothing).bytes()))
          .description("Bytes of the objects that the log has in a store, every ten minutes")
          .baseUnit("bytes")
          .tag("store", store.name())
          .strongReference(true)
          .register(meters);
    }
  }

  private static double remaining(Sampled<Optional<Instant>> next) {
    return next.get()
        .flatMap(Function.identity())
        .map(at -> (double) Duration.between(Instant.now(), at).toSeconds())
        .orElse(Double.NaN);
  }

  private static Progress progress(Handle handle) {
    long next = LogReader.nextPosition(handle);
    Map<String, Lag> lags = new HashMap<>();
    handle
        .createQuery(
            """
            SELECT follower, next_position,
                   (SELECT extract(epoch FROM clock_timestamp() - recorded_at)
                    FROM event WHERE position = next_position) AS age
            FROM log_checkpoint
            """)
        .map(
            (row, _) ->
                Map.entry(
                    row.getString("follower"),
                    new Lag(
                        Math.max(0, next - row.getLong("next_position")),
                        Math.max(0, row.getDouble("age")))))
        .forEach(entry -> lags.put(entry.getKey(), entry.getValue()));
    return new Progress(next - 1, lags);
  }

  private static Map<String, Stored> stored(Handle handle) {
    Map<String, Stored> found = new HashMap<>();
    handle
        .createQuery(
            "SELECT store, count(*) AS objects, sum(size) AS bytes FROM blob_object GROUP BY store")
        .map(
            (row, _) ->
                Map.entry(
                    row.getString("store"),
                    new Stored(row.getLong("objects"), row.getLong("bytes"))))
        .forEach(entry -> found.put(entry.getKey(), entry.getValue()));
    return found;
  }
}
