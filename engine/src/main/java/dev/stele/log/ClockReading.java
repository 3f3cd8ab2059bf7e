package dev.stele.log;

import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

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
 */
record ClockReading(
    long nextPosition,
    Instant lastEvent,
    Instant clock,
    Instant nodeBefore,
    Instant nodeAfter,
    long confirmation,
    Optional<Instant> seenAt) {
  static ClockReading read(Handle handle, InstantSource node) {
    Instant before = node.instant();
    return handle
        .createQuery(
            """
            SELECT next_position, recorded_at, clock_timestamp() AS clock,
                   (SELECT coalesce(max(position), -1) FROM clock_confirmation) AS confirmation,
                   (SELECT seen_at FROM clock_watch) AS seen_at
            FROM log_head
            """)
        .map(
            (row, _) ->
                new ClockReading(
                    row.getLong("next_position"),
                    row.getObject("recorded_at", OffsetDateTime.class).toInstant(),
                    row.getObject("clock", OffsetDateTime.class).toInstant(),
                    before,
                    node.instant(),
                    row.getLong("confirmation"),
                    Optional.ofNullable(row.getObject("seen_at", OffsetDateTime.class))
                        .map(OffsetDateTime::toInstant)))
        .one();
  }

  /** The log's time: the clock's, but never before that of the last event. */
  Instant now() {
    return clock.isBefore(lastEvent) ? lastEvent : clock;
  }

  boolean empty() {
    return nextPosition == 0;
  }
}
