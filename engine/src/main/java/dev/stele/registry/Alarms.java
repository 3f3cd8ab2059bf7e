package dev.stele.registry;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/**
 * What an operator must see to though pulls go on. Each part that can tell of something registers
 * itself. Thread-safe.
 */
final class Alarms {
  private final List<Supplier<Optional<String>>> sources = new CopyOnWriteArrayList<>();
  private final MeterRegistry meters;

  Alarms(MeterRegistry meters) {
    this.meters = meters;
  }

  /**
   * @param name for the metric
   * @param says what is wrong and what to do, fit for anybody; empty while nothing is. Does not
   *     throw, and answers soon
   */
  void register(String name, Supplier<Optional<String>> says) {
    sources.add(says);
    Gauge.builder("stele.alarm", says, source -> source.get().isPresent() ? 1 : 0)
        .description("1 while an operator must see to something; /readyz says to what")
        .tag("alarm", name)
        .strongReference(true)
        .register(meters);
  }

  /** What is wrong now. */
  List<String> now() {
    return sources.stream().flatMap(source -> source.get().stream()).toList();
  }
}
