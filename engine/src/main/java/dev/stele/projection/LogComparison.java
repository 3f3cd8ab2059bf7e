package dev.stele.projection;

import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * The log itself, range by range: positions without a gap up to where anybody saw it end, and
 * beside each leaf the columns that it gives.
 */
final class LogComparison {
  static final String TABLE = "event";

  private LogComparison() {}

  /** The range after a position. */
  static TableComparison.Range range(Handle handle, Optional<List<String>> after) {
    long low = after.map(last -> Long.parseLong(last.getFirst()) + 1).orElse(0L);
    // The log does not show that its end was cut off, but who followed it was there.
    long next =
        handle
            .createQuery(
                """
                SELECT greatest(next_position, (SELECT max(next_position) FROM log_checkpoint))
                FROM log_head
                """)
            .mapTo(Long.class)
            .one();
    long high = Math.min(low + TableComparison.RANGE, next);
    Optional<List<String>> through =
        high < next ? Optional.of(List.of(Long.toString(high - 1))) : Optional.empty();
    return handle
        .createQuery(
            """
            SELECT count(*),
                   :high - :low - count(*),
                   count(*) FILTER (
                     WHERE (position, recorded.recorded_at, type, repository, actor_id, command_id)
                           IS DISTINCT FROM
                           ((leaf ->> 'position')::bigint, (leaf ->> 'at')::timestamptz, leaf ->> 'type',
                            leaf #>> '{data,repository}', left(leaf ->> 'actor', 32)::uuid, (leaf ->> 'command')::uuid))
            FROM (
              SELECT position, recorded_at, type, repository, actor_id, command_id,
                     convert_from(leaf, 'UTF8')::json AS leaf
              FROM event
              WHERE position >= :low AND position < :high) AS recorded
            """)
        .bind("low", low)
        .bind("high", Math.max(low, high))
        .map(
            (row, _) ->
                new TableComparison.Range(row.getLong(1), row.getLong(2), row.getLong(3), through))
        .one();
  }
}
