package dev.stele.projection;

import dev.stele.event.RecordedEvent;
import dev.stele.log.LogCheckpoint;
import dev.stele.log.LogReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;

/**
 * Checks that the log is whole, replays it into a second set of tables and compares them row by row
 * with the live ones.
 *
 * <p>No statement reads more than a page of the log or a {@linkplain TableComparison range} of a
 * table, so none takes long. Both are read in one repeatable-read transaction, so that the live
 * views are those of exactly the events replayed, while the registry goes on. The second tables are
 * temporary ones of the same names, which PostgreSQL finds first: the projections' code and SQL are
 * the very same as in the append lane. Asynchronous projections are compared as of their
 * checkpoints.
 */
public final class Verification {
  /** How a projection's live rows compare with the replayed ones. */
  public record Result(String projection, String table, long rows, long missing, long unexpected) {
    /** Whether the live table holds exactly the rows that the log gives. */
    public boolean equal() {
      return missing == 0 && unexpected == 0;
    }
  }

  /**
   * A comparison of all projections.
   *
   * @param events how many were replayed
   */
  public record Report(long events, List<Result> results) {
    public boolean equal() {
      return results.stream().allMatch(Result::equal);
    }
  }

  private final LogReader reader;
  private final List<Projection> inline;
  private final List<Projection> asynchronous;
  private final List<Projection> projections;

  /** Checks all projections. */
  public Verification(LogReader reader) {
    // With documents of its own: what this process remembers proves nothing.
    ManifestDocuments documents = new ManifestDocuments();
    this.reader = reader;
    this.inline = new InlineProjections(documents).projections();
    this.asynchronous = new AsynchronousProjections(documents).projections();
    this.projections = Stream.concat(inline.stream(), asynchronous.stream()).toList();
  }

  /** Replays and compares. Takes time and temporary space in proportion to the log. */
  public Report run(Jdbi jdbi) {
    return jdbi.inTransaction(TransactionIsolationLevel.REPEATABLE_READ, this::compare);
  }

  private Report compare(Handle handle) {
    // It locks nothing that anybody waits for, so it may think between statements.
    handle.execute("SET LOCAL idle_in_transaction_session_timeout = '10min'");
    for (Projection projection : projections) {
      for (String table : projection.tables()) {
        handle.execute(
            "CREATE TEMPORARY TABLE %1$s (LIKE public.%1$s INCLUDING ALL) ON COMMIT DROP"
                .formatted(table));
      }
    }
    Map<Projection, Long> upTo = new HashMap<>();
    inline.forEach(projection -> upTo.put(projection, Long.MAX_VALUE));
    for (Projection projection : asynchronous) {
      upTo.put(projection, LogCheckpoint.read(handle, projection.name()).nextPosition());
    }
    long events =
        reader.replay(
            handle,
            0,
            page ->
                projections.forEach(
                    projection -> projection.apply(handle, before(upTo.get(projection), page))));
    List<Result> results = new ArrayList<>();
    results.add(log(handle));
    for (Projection projection : projections) {
      for (String table : projection.tables()) {
        results.add(new TableComparison(handle, table).compare(projection.name()));
      }
    }
    return new Report(events, results);
  }

  private static List<RecordedEvent> before(long position, List<RecordedEvent> events) {
    return events.getLast().position() < position
        ? events
        : events.stream().filter(event -> event.position() < position).toList();
  }

  /**
   * The log itself: positions without a gap up to where anybody saw it end, and beside each leaf
   * the columns that it gives.
   */
  private static Result log(Handle handle) {
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
    Result all = new Result("log", "event", 0, 0, 0);
    for (long low = 0; low < next; low += TableComparison.RANGE) {
      Result part = log(handle, low, Math.min(low + TableComparison.RANGE, next));
      all =
          new Result(
              "log",
              "event",
              all.rows() + part.rows(),
              all.missing() + part.missing(),
              all.unexpected() + part.unexpected());
    }
    return all;
  }

  private static Result log(Handle handle, long low, long high) {
    return handle
        .createQuery(
            """
            SELECT count(*),
                   :high - :low - count(*),
                   count(*) FILTER (
                     WHERE (position, recorded.recorded_at, type, repository, actor_id, command_id)
                           IS DISTINCT FROM
                           ((leaf ->> 'position')::bigint, (leaf ->> 'at')::timestamptz, leaf ->> 'type',
                            leaf #>> '{data,repository}', (leaf ->> 'actor')::uuid, (leaf ->> 'command')::uuid))
            FROM (
              SELECT position, recorded_at, type, repository, actor_id, command_id,
                     convert_from(leaf, 'UTF8')::json AS leaf
              FROM event
              WHERE position >= :low AND position < :high) AS recorded
            """)
        .bind("low", low)
        .bind("high", high)
        .map((row, _) -> new Result("log", "event", row.getLong(1), row.getLong(2), row.getLong(3)))
        .one();
  }
}
