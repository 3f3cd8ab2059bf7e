package dev.stele.server.auth;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Tells the metrics how it goes with something that lies outside and counts here: a directory or an
 * issuer that is asked, a file that is read again. Thread-safe.
 */
public final class SourceMetrics {
  private final AtomicLong succeededAt = new AtomicLong();
  private final Counter failures;

  /**
   * @param source as the configuration calls it; one of these a source and registry
   */
  public SourceMetrics(MeterRegistry meters, String source) {
    Gauge.builder("stele.source.success", succeededAt, AtomicLong::get)
        .description("When it could be asked or read last, in seconds since 1970; 0: never")
        .baseUnit("seconds")
        .tag("source", source)
        .strongReference(true)
        .register(meters);
    this.failures =
        Counter.builder("stele.source.failures")
            .description("How often it could not be asked, or what it has not be put in force")
            .tag("source", source)
            .register(meters);
  }

  /** It answered, or what it has is in force. */
  public void succeeded() {
    succeededAt.set(Instant.now().getEpochSecond());
  }

  /** It did not. */
  public void failed() {
    failures.increment();
  }
}
