package dev.stele.projection;

import dev.stele.event.RecordedEvent;
import dev.stele.log.LogCheckpoint;
import dev.stele.log.LogReader;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;

/**
 * Checks that the log is whole, replays it into a second set of tables and compares them row by row
 * with the live ones, while the registry goes on.
 *
 * <p>The second tables have the same names in a schema that is looked into first, so the
 * projections' code and SQL are the very same as in the append lane. Each transaction replays a
 * page of the log, or compares one {@linkplain TableComparison range} of a table: in that one,
 * which sees the database as of one moment, the replay is first brought to exactly the events that
 * the live views have then. So a difference is a defect and never a race, though no transaction is
 * long.
 *
 * <p>How far it is stands beside the second tables. A verification that was cut off goes on from
 * there, unless the database itself has crashed since, the log is another one or the tables have
 * another form. Who begins while another runs goes on in its place, and the other fails.
 */
public final class Verification {
  private static final String SCHEMA = "verification";

  /** How many events one transaction replays; a multiple of every projection's unit. */
  private static final int PAGE = 1024;

  /** How a projection's live rows compare with the replayed ones. */
  public record Result(String projection, String table, long rows, long missing, long unexpected) {
    /** Whether the live table holds exactly the rows that the log gives. */
    public boolean equal() {
      return missing == 0 && unexpected == 0;
    }

    Result plus(TableComparison.Range range) {
      return new Result(
          projection,
          table,
          rows + range.rows(),
          missing + range.missing(),
          unexpected + range.unexpected());
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
  private final long rowsAtOnce;

  /** Checks all projections. */
  public Verification(LogReader reader) {
    this(reader, TableComparison.RANGE);
  }

  /**
   * @param rowsAtOnce how many rows a transaction compares before it ends, though tables are left
   */
  Verification(LogReader reader, long rowsAtOnce) {
    // With documents of its own: what this process remembers proves nothing.
    this(reader, new ManifestDocuments(), rowsAtOnce);
  }

  private Verification(LogReader reader, ManifestDocuments documents, long rowsAtOnce) {
    this(
        reader,
        new InlineProjections(documents).projections(),
        new AsynchronousProjections(documents).projections(),
        rowsAtOnce);
  }

  Verification(
      LogReader reader, List<Projection> inline, List<Projection> asynchronous, long rowsAtOnce) {
    this.reader = reader;
    this.rowsAtOnce = rowsAtOnce;
    this.inline = inline;
    this.asynchronous = asynchronous;
    this.projections = Stream.concat(inline.stream(), asynchronous.stream()).toList();
  }

  /** Goes on, or begins, and tells nobody how far it is. */
  public Report run(Jdbi jdbi) {
    return run(jdbi, false, (_, _, _) -> {});
  }

  /**
   * Replays and compares. Takes time and space on disk in proportion to the log, and memory that
   * does not depend on it.
   *
   * @param anew whether to begin from the start, though one has been cut off
   * @param progress is told how far it is, a few times a second; may throw to end it, which is as
   *     good as any other way to cut it off
   */
  public Report run(Jdbi jdbi, boolean anew, ProgressListener progress) {
    VerificationState state = VerificationState.begin(jdbi, SCHEMA, projections, anew);
    Optional<VerificationState.Table> next;
    do {
      catchUp(jdbi, state, progress);
      next =
          jdbi.inTransaction(
              TransactionIsolationLevel.REPEATABLE_READ, handle -> compare(handle, state));
      next.ifPresent(
          table ->
              progress.at(
                  "table %d of %d, rows compared".formatted(table.number(), tables()),
                  table.result().rows(),
                  0));
    } while (next.isPresent());
    return jdbi.inTransaction(
        handle -> {
          state.lock(handle);
          Report report =
              new Report(
                  state.all(handle).get(inline.getFirst().name()).nextPosition(),
                  state.results(handle));
          state.drop(handle);
          return report;
        });
  }

  private int tables() {
    return 1 + projections.stream().mapToInt(projection -> projection.tables().size()).sum();
  }

  /** How far the replay is, and whether it goes on in pages. */
  private record Replayed(long next, long head, boolean more) {}

  /** Replays until less than a page is missing to where the live views are. */
  private void catchUp(Jdbi jdbi, VerificationState state, ProgressListener progress) {
    Replayed replayed;
    do {
      replayed = jdbi.inTransaction(handle -> replayPage(handle, state));
      progress.at("events replayed", replayed.next(), replayed.head());
    } while (replayed.more());
  }

  private Replayed replayPage(Handle handle, VerificationState state) {
    state.lock(handle);
    Map<String, LogCheckpoint> live = live(handle);
    long head = live.get(inline.getFirst().name()).nextPosition();
    long from = from(state.all(handle), live);
    if (from + PAGE >= head) {
      return new Replayed(from, head, false);
    }
    replayPage(handle, state, live, from);
    return new Replayed(from + PAGE, head, true);
  }

  /** Where the live views are, as this transaction sees them. */
  private Map<String, LogCheckpoint> live(Handle handle) {
    Map<String, LogCheckpoint> live = new HashMap<>();
    long head = LogReader.nextPosition(handle);
    for (Projection projection : inline) {
      live.put(projection.name(), new LogCheckpoint(projection.name(), head, Optional.empty()));
    }
    for (Projection projection : asynchronous) {
      live.put(projection.name(), LogCheckpoint.read(handle, projection.name()));
    }
    return live;
  }

  /** The first event that some view lacks; where the log ends if none does. */
  private long from(Map<String, LogCheckpoint> replayed, Map<String, LogCheckpoint> live) {
    return projections.stream()
        .filter(each -> behind(replayed.get(each.name()), live.get(each.name())))
        .mapToLong(each -> replayed.get(each.name()).nextPosition())
        .min()
        .orElseGet(() -> live.get(inline.getFirst().name()).nextPosition());
  }

  private static boolean behind(LogCheckpoint replayed, LogCheckpoint live) {
    return replayed.nextPosition() < live.nextPosition()
        || (replayed.nextPosition() == live.nextPosition()
            && live.part().isPresent()
            && !replayed.part().equals(live.part()));
  }

  private void replayPage(
      Handle handle, VerificationState state, Map<String, LogCheckpoint> live, long from) {
    List<RecordedEvent> page = reader.events(handle, from, PAGE);
    if (page.isEmpty()) {
      throw new IllegalStateException("the log has no event %d, but a view does".formatted(from));
    }
    Map<String, LogCheckpoint> replayed = state.all(handle);
    state.lookIntoSecondTables(handle);
    for (Projection projection : projections) {
      LogCheckpoint at = replayed.get(projection.name());
      LogCheckpoint to = live.get(projection.name());
      if (behind(at, to)) {
        state.save(handle, replay(handle, projection, at, to, page));
      }
    }
  }

  /** Applies what a view lacks of a page, up to where the live one is, be that within an event. */
  private static LogCheckpoint replay(
      Handle handle,
      Projection projection,
      LogCheckpoint from,
      LogCheckpoint to,
      List<RecordedEvent> page) {
    LogCheckpoint at = from;
    long end = Math.min(to.nextPosition(), page.getLast().position() + 1);
    end -= end % projection.unit();
    while (at.nextPosition() < end) {
      List<RecordedEvent> rest = between(page, at.nextPosition(), end);
      List<RecordedEvent> events =
          rest.stream().takeWhile(event -> !projection.isWide(event.event())).toList();
      if (!events.isEmpty()) {
        requireWhole(projection, events, at.nextPosition());
        projection.apply(handle, events);
        at = at(projection, events.getLast().position() + 1);
      } else if (!rest.isEmpty()) {
        at = replayWide(handle, projection, at, Optional.empty(), rest.getFirst());
      } else {
        at = at(projection, end); // what the log lacks is found by looking at the log
      }
    }
    if (to.part().isPresent() && at.nextPosition() == to.nextPosition()) {
      for (RecordedEvent event : between(page, to.nextPosition(), to.nextPosition() + 1)) {
        at = replayWide(handle, projection, at, to.part(), event);
      }
    }
    return at;
  }

  /** What takes whole units of events takes none with a gap. */
  private static void requireWhole(Projection projection, List<RecordedEvent> events, long from) {
    if (events.size() % projection.unit() != 0) {
      long expected = from;
      for (RecordedEvent event : events) {
        if (event.position() != expected) {
          break;
        }
        expected++;
      }
      throw new IllegalStateException("the log has no event " + expected);
    }
  }

  private static List<RecordedEvent> between(List<RecordedEvent> page, long low, long high) {
    return page.stream()
        .filter(event -> event.position() >= low && event.position() < high)
        .toList();
  }

  private static LogCheckpoint at(Projection projection, long next) {
    return new LogCheckpoint(projection.name(), next, Optional.empty());
  }

  /** Applies an event in parts: until the live view's is the last one, or all. */
  private static LogCheckpoint replayWide(
      Handle handle,
      Projection projection,
      LogCheckpoint from,
      Optional<String> until,
      RecordedEvent event) {
    Optional<String> done = from.part();
    do {
      done = projection.applyPart(handle, event, done);
    } while (done.isPresent() && !done.equals(until));
    return new LogCheckpoint(
        projection.name(), event.position() + (done.isPresent() ? 0 : 1), done);
  }

  /**
   * Compares a range, or as many small tables as have no more rows.
   *
   * @return what is left, from where
   */
  private Optional<VerificationState.Table> compare(Handle handle, VerificationState state) {
    state.lock(handle);
    Map<String, LogCheckpoint> live = live(handle);
    long head = live.get(inline.getFirst().name()).nextPosition();
    for (long from = from(state.all(handle), live);
        from < head;
        from = from(state.all(handle), live)) {
      replayPage(handle, state, live, from);
    }
    Optional<VerificationState.Table> next = state.next(handle);
    long rows = 0;
    while (next.isPresent()) {
      VerificationState.Table table = next.get();
      TableComparison.Range range =
          table.result().table().equals(LogComparison.TABLE)
              ? LogComparison.range(handle, table.after())
              : new TableComparison(handle, SCHEMA, table.result().table()).range(table.after());
      state.compared(handle, table.number(), table.result().plus(range), range.through());
      next = state.next(handle);
      rows += range.rows() + range.unexpected();
      if (rows >= rowsAtOnce) {
        break;
      }
    }
    return next;
  }
}
