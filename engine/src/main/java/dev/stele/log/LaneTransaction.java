package dev.stele.log;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.RepositoryName;
import dev.stele.sql.Pipeline;
import dev.stele.sql.Unnested;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * One transaction of the lane: lock the log, read where it ends, load the facts that the batch's
 * commands named, decide each command against the facts as the commands before it left them, append
 * all events, apply the inline views once, commit. So it has about as many statements for many
 * commands as for one. Used by the lane's thread only.
 *
 * <p>INVARIANT: whoever appends holds the log's lock until the commit, so positions are dense and
 * in commit order.
 */
final class LaneTransaction {
  /**
   * A transaction ends its batch early when its leaves, or what its commands weigh, exceed this
   * many bytes.
   */
  static final int MAX_BATCH_BYTES = 1 << 20;

  private static final long PARTITIONS_AHEAD = 10_000_000;

  private final EventCodec codec;
  private final InlineViews views;
  private final ClockWatch clock;
  private long nextPosition;
  private long partitionsReadyUntil;

  /** Since when a commit is not confirmed, whichever of its attempts is going on. */
  private volatile OptionalLong committingSince = OptionalLong.empty();

  LaneTransaction(EventCodec codec, InlineViews views, ClockWatch clock) {
    this.codec = codec;
    this.views = views;
    this.clock = clock;
  }

  /** What became of a transaction. */
  sealed interface Attempt {}

  /** It committed the first {@code commands} of the batch. */
  record Committed(int commands, List<RecordedEvent> events, long nextPosition)
      implements Attempt {}

  /**
   * The connection broke during the commit, or the database warns that a standby which is to have
   * it may not: only the log knows whether it happened.
   */
  record Unknown(Intended intended, Throwable cause) implements Attempt {}

  /** The database was or went away before the commit (see {@link Outage}): nothing happened. */
  record Disconnected(Throwable cause) implements Attempt {}

  /**
   * A command of the batch, by its index, took longer than the database gives a statement, or
   * waited so long for another session's lock; the transaction was rolled back.
   */
  record TooSlow(int command, Outage outage, Throwable cause) implements Attempt {}

  /** The clock is in doubt (see {@link ClockWatch}), or the log; nothing happened. */
  record Doubtful(String reason) implements Attempt {}

  /** Something threw; the transaction was rolled back. */
  record Failed(Throwable cause) implements Attempt {}

  /** What a transaction was about to commit; the command at its first position identifies it. */
  record Intended(Committed committed, long firstPosition, Optional<UUID> firstCommand) {}

  /** Looks at the clock, in a transaction of its own. */
  Attempt look(Handle handle) {
    Connection connection = handle.getConnection();
    try {
      clock.look(handle);
      connection.commit();
      committingSince = OptionalLong.empty();
      return new Committed(0, List.of(), nextPosition);
    } catch (SQLException | RuntimeException e) {
      return rolledBack(connection) ? new Failed(e) : new Disconnected(e);
    }
  }

  Attempt run(Handle handle, List<AppendLane.Pending<?>> batch) {
    Intended intended = null;
    Work work = null;
    Connection connection = handle.getConnection();
    try {
      ensurePartitions(handle, connection);
      lockLog(handle);
      Optional<Command.Word> word = batch.getFirst().command().word();
      boolean confirms = word.equals(Optional.of(Command.Word.CLOCK));
      List<AppendLane.Pending<?>> first =
          batch.subList(0, word.isPresent() ? 1 : weighed(batch)); // as many as fit one transaction
      LaneFacts facts = new LaneFacts();
      first.forEach(pending -> pending.command().needs(facts));
      Pipeline pipeline = new Pipeline(handle);
      facts.lookUp(pipeline);
      ClockReading head = clock.read(pipeline);
      nextPosition = head.nextPosition();
      Optional<String> doubt =
          (confirms ? clock.judgeConfirmation(head) : clock.judge(head))
              .or(
                  () ->
                      word.equals(Optional.of(Command.Word.LOG))
                          ? Optional.empty()
                          : head.broken());
      if (doubt.isPresent()) {
        connection.rollback();
        return new Doubtful(doubt.get());
      }
      Instant now = confirms ? head.clock() : head.now();
      work = new Work(pipeline, facts, head, now);
      int commands = work.decide(first);
      if (confirms) {
        ClockWatch.note(handle, now);
      }
      work.write();
      pipeline.flush();
      List<RecordedEvent> appended = events(work.appended);
      long next = head.nextPosition() + appended.size();
      intended =
          new Intended(
              new Committed(commands, appended, next),
              head.nextPosition(),
              appended.stream().findFirst().map(RecordedEvent::commandId));
      Optional<SQLWarning> warning = commit(connection);
      return warning.isPresent() && !appended.isEmpty()
          ? new Unknown(intended, warning.get())
          : intended.committed();
    } catch (SQLException | RuntimeException | Error e) {
      // INVARIANT: whatever was thrown, nothing of this transaction is left for the next one.
      OptionalInt deciding = work == null ? OptionalInt.empty() : work.deciding;
      return afterFailure(connection, intended, deciding, batch.size(), e);
    }
  }

  /**
   * Commits, and returns what the database warns of: who cancels the wait for a synchronous standby
   * ends it with nothing but a warning.
   */
  private Optional<SQLWarning> commit(Connection connection) throws SQLException {
    if (committingSince.isEmpty()) {
      committingSince = OptionalLong.of(System.nanoTime());
    }
    connection.clearWarnings();
    connection.commit();
    Optional<SQLWarning> warning = Optional.ofNullable(connection.getWarnings());
    if (warning.isEmpty()) {
      committingSince = OptionalLong.empty();
    }
    return warning;
  }

  /** For how long the commit that is going on has not been confirmed. Any thread may ask. */
  Duration committing() {
    OptionalLong since = committingSince;
    return since.isPresent()
        ? Duration.ofNanos(System.nanoTime() - since.getAsLong())
        : Duration.ZERO;
  }

  private Attempt afterFailure(
      Connection connection, Intended intended, OptionalInt deciding, int batch, Throwable e) {
    if (rolledBack(connection)) {
      committingSince = OptionalLong.empty();
      Optional<Outage> outage = Outage.of(e);
      if (outage.filter(o -> o == Outage.TOO_SLOW || o == Outage.LOCKED).isPresent()) {
        if (deciding.isPresent() || batch == 1) {
          return new TooSlow(deciding.orElse(0), outage.get(), e);
        }
        return new Failed(e); // of all together: which of them it is shows one by one
      }
      return outage.isPresent() ? new Disconnected(e) : new Failed(e);
    }
    return intended == null || intended.firstCommand().isEmpty()
        ? new Disconnected(e)
        : new Unknown(intended, e);
  }

  /**
   * False if the connection is broken, so that there is nothing to roll back, or no way to tell.
   */
  private static boolean rolledBack(Connection connection) {
    try {
      connection.rollback();
      return connection.isValid(5);
    } catch (SQLException e) {
      return false;
    }
  }

  /**
   * Whether the intended transaction committed. Taking the log's lock first waits for the lost
   * session's end, should the server still be at it, so that the answer is final. That the row is
   * there does not say that a synchronous standby has it, since a lost session waits for none; so
   * what was found is only told after a commit that writes, and waits, itself.
   */
  Attempt outcome(Handle handle, Intended intended) {
    Connection connection = handle.getConnection();
    try {
      lockLog(handle);
      Optional<UUID> found =
          handle
              .createQuery("SELECT command_id FROM event WHERE position = :position")
              .bind("position", intended.firstPosition())
              .mapTo(UUID.class)
              .findOne();
      if (!found.equals(intended.firstCommand())) {
        connection.rollback();
        return new Committed(0, List.of(), intended.firstPosition());
      }
      handle
          .createQuery("SELECT pg_logical_emit_message(true, 'stele', 'outcome')::text")
          .mapTo(String.class)
          .one();
      Optional<SQLWarning> warning = commit(connection);
      return warning.isPresent() ? new Disconnected(warning.get()) : intended.committed();
    } catch (SQLException | RuntimeException e) {
      return rolledBack(connection) ? new Failed(e) : new Disconnected(e);
    }
  }

  private static void lockLog(Handle handle) {
    handle.createQuery("SELECT lock_log()").mapTo(String.class).findOne();
  }

  /** How many of the first weigh little enough, and are no operator's word. */
  private static int weighed(List<AppendLane.Pending<?>> batch) {
    long bytes = 0;
    int count = 0;
    while (count < batch.size()
        && bytes < MAX_BATCH_BYTES
        && batch.get(count).command().word().isEmpty()) {
      bytes += batch.get(count++).command().weight();
    }
    return count;
  }

  private record Appended(RecordedEvent event, byte[] leaf) {}

  private static List<RecordedEvent> events(List<Appended> appended) {
    return appended.stream().map(Appended::event).toList();
  }

  private static void insert(Pipeline pipeline, List<Appended> appended) {
    new Unnested<>(appended)
        .number("positions", each -> each.event().position())
        .text("types", each -> each.event().event().type())
        .text("repositories", each -> each.event().event().place().orElse(null))
        .id("actors", each -> each.event().actor().value())
        .id("commands", each -> each.event().commandId())
        .bytes("leaves", Appended::leaf)
        .value("at", appended.getFirst().event().recordedAt())
        .execute(
            pipeline,
            """
            INSERT INTO event (position, recorded_at, type, repository, actor_id, command_id, leaf)
            SELECT position, :at, type, repository, actor_id, command_id, leaf
            FROM unnest(:positions::bigint[], :types::text[], :repositories::text[], :actors::uuid[],
                        :commands::uuid[], :leaves::bytea[])
              AS new (position, type, repository, actor_id, command_id, leaf)
            """);
  }

  /**
   * Makes partitions ahead of need, in a transaction of its own, so that appending never waits for
   * one to be made. Asked again when half of what was made ready is used up.
   */
  private void ensurePartitions(Handle handle, Connection connection) throws SQLException {
    if (nextPosition < partitionsReadyUntil - PARTITIONS_AHEAD / 2) {
      return;
    }
    nextPosition = LogReader.nextPosition(handle);
    handle
        .createQuery("SELECT ensure_event_partitions(:next, :ahead)")
        .bind("next", nextPosition)
        .bind("ahead", PARTITIONS_AHEAD)
        .mapTo(Integer.class)
        .one();
    connection.commit();
    partitionsReadyUntil = nextPosition + PARTITIONS_AHEAD;
  }

  /** What the commands of a transaction have done, of which the pipeline has some to send yet. */
  private final class Work {
    private final Pipeline pipeline;
    private final LaneFacts facts;
    private final ClockReading head;
    private final Instant now;
    private final List<Appended> appended = new ArrayList<>();
    private final Map<LaneWrite<?>, Rows<?>> writes = new LinkedHashMap<>();
    private int written;

    /** Which command is at work, by itself. */
    private OptionalInt deciding = OptionalInt.empty();

    private Work(Pipeline pipeline, LaneFacts facts, ClockReading head, Instant now) {
      this.pipeline = pipeline;
      this.facts = facts;
      this.head = head;
      this.now = now;
    }

    /** Decides these commands, or the first of them if their leaves are many; returns how many. */
    int decide(List<AppendLane.Pending<?>> batch) {
      int commands = 0;
      int bytes = 0;
      while (commands < batch.size() && bytes < MAX_BATCH_BYTES) {
        deciding = OptionalInt.of(commands);
        LaneDecision decision = new LaneDecision(this, batch.get(commands++));
        boolean decided = decision.pending.decide(decision);
        deciding = OptionalInt.empty();
        if (!decided && !decision.isEmpty()) {
          throw new IllegalStateException("a command was given up after it had appended");
        }
        bytes += take(decision);
      }
      return commands;
    }

    /** Returns how many bytes the leaves have. */
    private int take(LaneDecision decision) {
      int bytes = 0;
      for (RecordedEvent event : decision.events) {
        byte[] leaf = codec.encode(event);
        bytes += leaf.length;
        appended.add(new Appended(event, leaf));
        facts.follow(event.event());
      }
      for (Row<?> row : decision.rows) {
        take(row);
      }
      return bytes;
    }

    @SuppressWarnings("unchecked") // rows are only ever put under their own kind
    private <T> void take(Row<T> row) {
      ((Rows<T>) writes.computeIfAbsent(row.kind(), _ -> new Rows<>(row.kind(), new ArrayList<>())))
          .rows()
          .add(row.row());
    }

    /** Adds to the pipeline what is not there yet. */
    void write() {
      writes.values().forEach(rows -> rows.write(pipeline));
      writes.clear();
      if (written < appended.size()) {
        List<Appended> pending = appended.subList(written, appended.size());
        insert(pipeline, pending);
        views.apply(pipeline, events(pending));
        written = appended.size();
      }
    }

    /** Does that, and what is added then. If it fails, it is no single command's fault. */
    void flush(Runnable more) {
      OptionalInt before = deciding;
      deciding = OptionalInt.empty();
      write();
      more.run();
      pipeline.flush();
      deciding = before;
    }
  }

  private record Row<T>(LaneWrite<T> kind, T row) {}

  private record Rows<T>(LaneWrite<T> kind, List<T> rows) {
    void write(Pipeline pipeline) {
      kind.write(pipeline, rows);
    }
  }

  /** Collects what one command does. */
  private static final class LaneDecision implements Command.Decision {
    private final Work work;
    private final AppendLane.Pending<?> pending;
    private final long firstPosition;
    private final List<RecordedEvent> events = new ArrayList<>(4);
    private final List<Row<?>> rows = new ArrayList<>(2);

    private LaneDecision(Work work, AppendLane.Pending<?> pending) {
      this.work = work;
      this.pending = pending;
      this.firstPosition = work.head.nextPosition() + work.appended.size();
    }

    boolean isEmpty() {
      return events.isEmpty() && rows.isEmpty();
    }

    @Override
    public <K, V> Map<K, V> facts(Fact<K, V> fact, Collection<K> keys) {
      if (!work.facts.knows(fact, keys)) {
        keys.forEach(key -> work.facts.need(fact, key));
        work.flush(() -> work.facts.lookUp(work.pipeline));
      }
      return work.facts.get(fact, keys);
    }

    @Override
    public Handle handle() {
      work.flush(() -> {});
      return work.pipeline.handle();
    }

    @Override
    public <T> void write(LaneWrite<T> kind, T row) {
      rows.add(new Row<>(kind, row));
    }

    @Override
    public Instant now() {
      return work.now;
    }

    private OptionalLong chained(Optional<RepositoryName> place, long position) {
      RepositoryChains chains = work.facts.chains();
      if (!chains.knows(place)) {
        chains.want(place);
        work.flush(() -> chains.lookUp(work.pipeline));
      }
      return chains.append(place, position);
    }

    @Override
    public long append(Event event, Cause cause) {
      long position = firstPosition + events.size();
      OptionalLong previous = chained(event.place(), position);
      events.add(
          new RecordedEvent(
              position,
              previous,
              work.now,
              work.head.clock(),
              pending.command().initiator(),
              cause.because(pending.command().statedReason()),
              pending.id,
              event));
      return position;
    }
  }
}
