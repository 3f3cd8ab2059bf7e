package dev.stele.retention;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * When a replayed policy is evaluated.
 *
 * @param evaluations in order. Each sees the events below its position and not later than its time
 */
record Schedule(List<Occurrence> evaluations) {
  /** The most evaluations of one replay. */
  static final int MOST = 10_000;

  Schedule {
    evaluations = List.copyOf(evaluations);
  }

  /** These evaluations and others, in order. */
  Schedule and(Schedule others) {
    return new Schedule(
        Stream.concat(evaluations.stream(), others.evaluations().stream()).sorted().toList());
  }

  /**
   * Every so often, and at the end.
   *
   * @throws IllegalArgumentException if that is too often
   */
  static Schedule every(Duration step, Instant from, Instant to) {
    if (!step.isPositive() || Duration.between(from, to).dividedBy(step) >= MOST) {
      throw new IllegalArgumentException(
          "from %s to %s there would be more than %,d evaluations; evaluate less often"
              .formatted(from, to, MOST));
    }
    List<Occurrence> evaluations = new ArrayList<>();
    for (Instant at = from.plus(step); at.isBefore(to); at = at.plus(step)) {
      evaluations.add(new Occurrence(Long.MAX_VALUE, at));
    }
    evaluations.add(new Occurrence(Long.MAX_VALUE, to));
    return new Schedule(evaluations);
  }
}
