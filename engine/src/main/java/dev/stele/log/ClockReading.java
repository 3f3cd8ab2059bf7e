package dev.stele.log;

import dev.stele.sql.Pipeline;
import dev.stele.sql.Values;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where the log ends, and what the clocks read at that moment.
 *
 * @param nextPosition that the next event will get
 * @param lastEvent the time of the last event; {@link OffsetDateTime#MIN} where there is none
 * @param clock what the database's clock read
 * @param nodeBefore what this node's clock read before it was asked
 * @param nodeAfter and after it had answered
 * @param confirmation where an operator last confirmed the clock; -1 where none did
 * @param seenAt when a node last found the clock plausible, if any has looked
 * @param broken why the log is not what was signed of it, if a node found that
 */
record ClockReading(
    long nextPosition,
    Instant lastEvent,
    Instant clock,
    Instant nodeBefore,
    Instant nodeAfter,
    long confirmation,
    Optional<Instant> seenAt,
    Optional<String> broken) {
  /** Reads both clocks, after what was added to the pipeline before. */
  static ClockReading read(Pipeline pipeline, InstantSource node) {
    Instant before = node.instant();
    List<ClockReading> found = new ArrayList<>();
    pipeline.query(
        """
        SELECT next_position, recorded_at, clock_timestamp() AS clock,
               (SELECT coalesce(max(position), -1) FROM clock_confirmation) AS confirmation,
               (SELECT seen_at FROM clock_watch) AS seen_at,
               (SELECT reason FROM log_break) AS broken
        FROM log_head
        """,
        List.of(),
        rows -> {
          while (rows.next()) {
            found.add(
                new ClockReading(
                    rows.getLong("next_position"),
                    Values.time(rows, "recorded_at"),
                    Values.time(rows, "clock"),
                    before,
                    node.instant(),
                    rows.getLong("confirmation"),
                    Values.timeIfAny(rows, "seen_at"),
                    Optional.ofNullable(rows.getString("broken"))));
          }
        });
    pipeline.flush();
    return found.getFirst();
  }

  /** The log's time: the clock's, but never before that of the last event. */
  Instant now() {
    return clock.isBefore(lastEvent) ? lastEvent : clock;
  }

  boolean empty() {
    return nextPosition == 0;
  }
}
