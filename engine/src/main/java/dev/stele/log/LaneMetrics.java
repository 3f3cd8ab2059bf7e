package dev.stele.log;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Collection;
import java.util.List;

/** What the lane tells of itself. */
final class LaneMetrics {
  private final MeterRegistry meters;
  final DistributionSummary batchCommands;
  final DistributionSummary batchEvents;
  final Timer batchTime;
  final Counter retries;
  final Counter failures;

  LaneMetrics(MeterRegistry meters, Collection<?> queue) {
    this.meters = meters;
    batchCommands =
        DistributionSummary.builder("stele.lane.batch.commands")
            .description("Commands in one transaction of the append lane")
            .serviceLevelObjectives(1, 2, 4, 8, 16, 32, 64, 128, 256)
            .register(meters);
    batchEvents =
        DistributionSummary.builder("stele.lane.batch.events")
            .description("Events appended in one transaction of the append lane")
            .register(meters);
    batchTime =
        Timer.builder("stele.lane.batch")
            .description("Time of one transaction of the append lane")
            .serviceLevelObjectives(
                Duration.ofMillis(1),
                Duration.ofMillis(2),
                Duration.ofMillis(5),
                Duration.ofMillis(10),
                Duration.ofMillis(25),
                Duration.ofMillis(50),
                Duration.ofMillis(100),
                Duration.ofMillis(250),
                Duration.ofSeconds(1),
                Duration.ofSeconds(5))
            .register(meters);
    retries =
        Counter.builder("stele.lane.retries")
            .description("Batches whose commands were retried one by one")
            .register(meters);
    failures =
        Counter.builder("stele.lane.failures")
            .description("Commands that failed for an unforeseen reason")
            .register(meters);
    // A number only: who keeps the meters is not to have the queue.
    Gauge.builder("stele.lane.queue", () -> queue.size())
        .description("Commands waiting for the append lane")
        .register(meters);
  }

  /** Events were appended: what was pushed, removed, collected and decided, by type and cause. */
  void appended(List<RecordedEvent> events) {
    batchEvents.record(events.size());
    for (RecordedEvent event : events) {
      Counter.builder("stele.events")
          .description("Events that this node appended, by type and cause")
          .tags("type", event.event().type(), "cause", event.cause().kind().name())
          .register(meters)
          .increment();
      if (event.event() instanceof Event.BlobSwept swept) {
        Counter.builder("stele.collected.bytes")
            .description("Bytes that this node's collector gave up")
            .baseUnit("bytes")
            .register(meters)
            .increment((double) swept.size());
      }
    }
  }
}
