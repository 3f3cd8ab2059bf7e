package dev.stele.log;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Collection;

/** What the lane tells of itself. */
final class LaneMetrics {
  final DistributionSummary batchCommands;
  final DistributionSummary batchEvents;
  final Timer batchTime;
  final Counter retries;
  final Counter failures;

  LaneMetrics(MeterRegistry meters, Collection<?> queue) {
    batchCommands =
        DistributionSummary.builder("stele.lane.batch.commands")
            .description("Commands in one transaction of the append lane")
            .publishPercentiles(0.5, 0.99)
            .register(meters);
    batchEvents =
        DistributionSummary.builder("stele.lane.batch.events")
            .description("Events appended in one transaction of the append lane")
            .register(meters);
    batchTime =
        Timer.builder("stele.lane.batch")
            .description("Time of one transaction of the append lane")
            .publishPercentiles(0.5, 0.99)
            .register(meters);
    retries =
        Counter.builder("stele.lane.retries")
            .description("Batches whose commands were retried one by one")
            .register(meters);
    failures =
        Counter.builder("stele.lane.failures")
            .description("Commands that failed for an unforeseen reason")
            .register(meters);
    Gauge.builder("stele.lane.queue", queue, Collection::size)
        .description("Commands waiting for the append lane")
        .register(meters);
  }
}
