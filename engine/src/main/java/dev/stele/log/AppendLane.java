package dev.stele.log;

import dev.stele.event.EventCodec;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one way into the log. A single thread takes whatever commands queued up while the last
 * transaction committed and puts them into the next one: batching follows the load, without a
 * timer. See {@link LaneTransaction} for what one transaction does.
 *
 * <p>Thread-safe; {@link #submit} blocks its caller until the command is durable.
 */
public final class AppendLane implements AutoCloseable {
  /** The most commands in one transaction. */
  public static final int MAX_BATCH_COMMANDS = 256;

  /** The most commands that wait. */
  static final int QUEUE_CAPACITY = 4096;

  private static final Logger log = LoggerFactory.getLogger(AppendLane.class);
  private static final Duration MAX_WAIT_FOR_ROOM = Duration.ofSeconds(5);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(10);
  private static final Duration LONG_COMMIT = Duration.ofSeconds(10);
  private static final Duration MAX_WAIT_FOR_OUTCOME = Duration.ofSeconds(20);
  private static final String LOST_IN_COMMIT =
      "the database was lost during a commit; asking it what became of it";
  private static final String FULL = "the append lane is full; try again later";
  private static final String CLOSED = "the registry is shutting down";
  private static final String ENDED =
      "appending has ended because of a failure that is in the log; restart the server";

  /** Who waits for room keeps its bytes meanwhile, so only what has few may wait. */
  private static final long FEW_BYTES = 64 << 10;

  private final BlockingQueue<Pending<?>> queue = new ArrayBlockingQueue<>(QUEUE_CAPACITY);
  private final int mostBytes;
  private final Semaphore bytes;
  private final LaneConnection connection;
  private final LaneTransaction transaction;
  private final ClockWatch clock;
  private final LogSignal signal;
  private final LaneMetrics metrics;

  /** Of what is refused, the lane tells why, and nobody else need. */
  private final RepeatedWarning refusals = new RepeatedWarning(log);

  private final Thread thread;
  private volatile boolean closed;
  private volatile boolean ended;
  private OptionalLong lookedAt = OptionalLong.empty();
  private boolean toldOfClock;

  /**
   * A command on its way, and what came of it. Only the lane's thread touches the result before the
   * future is complete.
   */
  static final class Pending<R> {
    private final Command<R> command;
    private final CompletableFuture<R> future = new CompletableFuture<>();
    final java.util.UUID id = java.util.UUID.randomUUID();
    private final OptionalLong term = Leadership.acting();
    private Optional<LaneUnavailableException> unavailable = Optional.empty();
    private R result;

    private Pending(Command<R> command) {
      this.command = command;
    }

    Command<R> command() {
      return command;
    }

    /**
     * What a leader planned is not done any more once another node leads, nor what cannot be
     * decided now; others are none the worse for it.
     *
     * @return whether it was decided
     */
    boolean decide(Command.Decision decision) {
      unavailable = Optional.empty();
      if (term.isPresent() && !Leadership.isNewest(decision.handle(), term.getAsLong())) {
        unavailable =
            Optional.of(
                new LaneUnavailableException("this is another node's to do, which leads by now"));
      } else {
        try {
          result = command.decide(decision);
        } catch (LaneUnavailableException e) {
          unavailable = Optional.of(e);
        }
      }
      return unavailable.isEmpty();
    }

    private void roomTaken(Runnable release) {
      CompletableFuture<R> _ = future.whenComplete((_, _) -> release.run());
    }

    private void complete() {
      unavailable.ifPresentOrElse(this::fail, () -> future.complete(result));
    }

    private void fail(Throwable cause) {
      future.completeExceptionally(cause);
    }

    /** What to throw for a command that the lane's thread never sees. */
    private LaneUnavailableException refused(String why) {
      LaneUnavailableException refusal = new LaneUnavailableException(why);
      fail(refusal);
      return refusal;
    }
  }

  public AppendLane(
      ConnectionSource connections,
      EventCodec codec,
      InlineViews views,
      ClockWatch clock,
      LogSignal signal,
      MeterRegistry meters) {
    this(connections, codec, views, clock, signal, meters, roomInMemory());
  }

  /** An eighth of the memory, within reason; the largest manifest must have room. */
  private static int roomInMemory() {
    return Math.clamp(Runtime.getRuntime().maxMemory() / 8, 8 << 20, 64 << 20);
  }

  /**
   * @param mostBytes the most that commands weigh which wait or are being decided
   */
  AppendLane(
      ConnectionSource connections,
      EventCodec codec,
      InlineViews views,
      ClockWatch clock,
      LogSignal signal,
      MeterRegistry meters,
      int mostBytes) {
    this.mostBytes = mostBytes;
    this.bytes = new Semaphore(mostBytes);
    this.connection = new LaneConnection(connections);
    this.transaction = new LaneTransaction(codec, views, clock);
    this.clock = clock;
    this.signal = signal;
    this.metrics = new LaneMetrics(meters, queue);
    this.thread = Thread.ofPlatform().name("append-lane").start(this::run);
  }

  /**
   * Decides the command and appends what follows; returns when that is durable. Waits some seconds
   * for room if the lane is full, unless the command is a heavy one.
   *
   * @throws LaneUnavailableException if the lane is full or closed, the database is away, the clock
   *     or the log is in doubt, or the command took longer than a statement may; nothing was
   *     appended, but for {@link LaneUnavailableException.UnknownOutcomeException}
   */
  public <R> R submit(Command<R> command) {
    Pending<R> pending = new Pending<>(command);
    boolean queued = false;
    try {
      takeRoom(pending);
      if (closed || !queue.offer(pending, MAX_WAIT_FOR_ROOM.toMillis(), TimeUnit.MILLISECONDS)) {
        throw pending.refused(closed ? CLOSED : full());
      }
      queued = true;
      if ((closed || ended) && queue.remove(pending)) {
        throw pending.refused(closed ? CLOSED : ENDED);
      }
      return pending.future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      String message = "interrupted while waiting for the append lane";
      throw !queued || queue.remove(pending)
          ? pending.refused(message)
          : new LaneUnavailableException.UnknownOutcomeException(message, e);
    } catch (ExecutionException e) {
      throw unwrapped(e.getCause());
    }
  }

  /** What an operator must see to, if appending hangs or has ended. */
  public Optional<String> alarm() {
    if (ended && !closed) {
      return Optional.of(ENDED);
    }
    Duration committing = transaction.committing();
    return committing.compareTo(LONG_COMMIT) > 0
        ? Optional.of(
            ("a commit has not been confirmed for %d s, and pushes wait for it: PostgreSQL waits"
                    + " for a synchronous standby, or for its disk (pg_stat_activity says which);"
                    + " bring the standby back, or take it out of synchronous_standby_names")
                .formatted(committing.toSeconds()))
        : Optional.empty();
  }

  /** What a command weighs is in memory until it is decided, not only until it is taken. */
  private void takeRoom(Pending<?> pending) throws InterruptedException {
    long weight = pending.command().weight();
    int taken = (int) Math.min(weight, mostBytes);
    boolean room =
        weight > FEW_BYTES
            ? bytes.tryAcquire(taken)
            : bytes.tryAcquire(taken, MAX_WAIT_FOR_ROOM.toMillis(), TimeUnit.MILLISECONDS);
    if (!room) {
      throw new LaneUnavailableException(full());
    }
    pending.roomTaken(() -> bytes.release(taken));
  }

  private String full() {
    refusals.warn(FULL, "a command is refused: " + FULL);
    return FULL;
  }

  private static RuntimeException unwrapped(Throwable cause) {
    return switch (cause) {
      case LaneUnavailableException.UnknownOutcomeException e ->
          new LaneUnavailableException.UnknownOutcomeException(e.getMessage(), e);
      case LaneUnavailableException e -> new LaneUnavailableException(e.getMessage(), e);
      default -> new IllegalStateException("a command failed in the append lane", cause);
    };
  }

  private void run() {
    List<Pending<?>> batch = new ArrayList<>(MAX_BATCH_COMMANDS);
    try {
      while (takeBatch(batch)) {
        append(batch);
        batch.clear();
      }
    } finally {
      // Nobody waits for a lane that is not there.
      ended = true;
      LaneUnavailableException gone = new LaneUnavailableException(ENDED);
      batch.forEach(pending -> pending.fail(gone));
      failQueued(gone);
      connection.close();
    }
  }

  /** Whether commands are still taken. False for good: only another process can go on. */
  public boolean isAlive() {
    return !ended;
  }

  private boolean takeBatch(List<Pending<?>> batch) {
    try {
      while (batch.isEmpty()) {
        outlive(batch, this::lookAtClock);
        Pending<?> first = queue.poll(200, TimeUnit.MILLISECONDS);
        if (first != null) {
          batch.add(first);
          queue.drainTo(batch, MAX_BATCH_COMMANDS - 1);
        } else if (closed) {
          return false;
        }
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void append(List<Pending<?>> batch) {
    outlive(
        batch,
        () -> {
          List<Pending<?>> rest = batch;
          while (!rest.isEmpty()) {
            rest = appendSome(rest);
          }
        });
  }

  /** The lane must outlive whatever is thrown in it. */
  private static void outlive(List<Pending<?>> batch, Runnable work) {
    try {
      work.run();
    } catch (Throwable e) {
      batch.forEach(pending -> pending.fail(e));
      log.error("the append lane failed", e);
    }
  }

  /** Appends the first commands, as many as fit one transaction, and returns the others. */
  private List<Pending<?>> appendSome(List<Pending<?>> batch) {
    long started = System.nanoTime();
    LaneTransaction.Attempt attempt = connection.attempt(handle -> transaction.run(handle, batch));
    switch (attempt) {
      case LaneTransaction.Committed committed -> {
        done(batch.subList(0, committed.commands()), committed, started);
        return batch.subList(committed.commands(), batch.size());
      }
      case LaneTransaction.Unknown unknown -> {
        return resolve(batch, unknown, started);
      }
      case LaneTransaction.Disconnected lost -> {
        Outage outage = Outage.of(lost.cause()).orElse(Outage.AWAY);
        String told = outage.told();
        LaneUnavailableException away = new LaneUnavailableException(told, lost.cause());
        refusals.warn(told, "nothing can be appended now: " + Foreseen.line(outage, lost.cause()));
        batch.forEach(pending -> pending.fail(away));
        return List.of();
      }
      case LaneTransaction.TooSlow slow -> {
        return failAlone(batch, slow);
      }
      case LaneTransaction.Doubtful(String reason) -> {
        return refuseInDoubt(batch, reason);
      }
      case LaneTransaction.Failed failed -> {
        if (batch.size() == 1) {
          metrics.failures.increment();
          log.error("a command failed in the append lane", failed.cause());
          batch.getFirst().fail(failed.cause());
          return List.of();
        }
        // One poison command must fail alone.
        metrics.retries.increment();
        for (Pending<?> pending : batch) {
          append(List.of(pending));
        }
        return List.of();
      }
    }
  }

  /** What an operator says about that is still heard. */
  private List<Pending<?>> refuseInDoubt(List<Pending<?>> batch, String reason) {
    boolean confirmation = batch.getFirst().command().word().isPresent();
    List<Pending<?>> refused =
        confirmation
            ? batch.subList(0, 1)
            : batch.stream().filter(each -> each.command().word().isEmpty()).toList();
    if (!refused.isEmpty()) {
      refusals.warn("doubt", "commands are refused: " + reason);
    }
    LaneUnavailableException doubt = new LaneUnavailableException(reason);
    refused.forEach(pending -> pending.fail(doubt));
    List<Pending<?>> others = new ArrayList<>(batch);
    others.removeAll(refused);
    return others;
  }

  /** Somebody must be looking when the clock leaps, also while nothing is appended. */
  private void lookAtClock() {
    if (lookedAt.isPresent() && System.nanoTime() - lookedAt.getAsLong() < LOOK_EVERY.toNanos()) {
      return;
    }
    lookedAt = OptionalLong.of(System.nanoTime());
    connection.attempt(transaction::look);
    if (clock.doubtAboutAges().isPresent() != toldOfClock) {
      toldOfClock = !toldOfClock;
      clock
          .doubtAboutAges()
          .ifPresentOrElse(
              reason -> log.error("the clock is in doubt: {}", reason),
              () -> log.info("the clock is right again, or was confirmed"));
    }
  }

  /**
   * A command that is slow would be so again, and hold up the lane for as long: it fails at once,
   * and the others are decided without it.
   */
  private List<Pending<?>> failAlone(List<Pending<?>> batch, LaneTransaction.TooSlow slow) {
    metrics.failures.increment();
    Pending<?> command = batch.get(slow.command());
    String name = command.command().getClass().getSimpleName();
    refusals.warn(
        slow.outage() + name,
        "a command (%s) fails: %s".formatted(name, Foreseen.line(slow.outage(), slow.cause())));
    command.fail(
        new LaneUnavailableException(
            slow.outage().told() + ", and nothing of it was done; try again later", slow.cause()));
    List<Pending<?>> others = new ArrayList<>(batch);
    others.remove(command);
    return others;
  }

  /**
   * Finds out whether a commit whose answer was lost happened; if not, the commands are simply
   * tried again.
   */
  private List<Pending<?>> resolve(
      List<Pending<?>> batch, LaneTransaction.Unknown unknown, long started) {
    Foreseen.line(unknown.cause())
        .ifPresentOrElse(
            reason -> log.warn("{}: {}", LOST_IN_COMMIT, reason),
            () -> log.warn(LOST_IN_COMMIT, unknown.cause()));
    long deadline = System.nanoTime() + MAX_WAIT_FOR_OUTCOME.toNanos();
    while (System.nanoTime() < deadline && !Thread.currentThread().isInterrupted()) {
      LaneTransaction.Attempt answer =
          connection.attempt(handle -> transaction.outcome(handle, unknown.intended()));
      switch (answer) {
        case LaneTransaction.Committed committed -> {
          if (committed.commands() == 0) {
            return batch;
          }
          done(batch.subList(0, committed.commands()), committed, started);
          return batch.subList(committed.commands(), batch.size());
        }
        case LaneTransaction.Unknown _,
            LaneTransaction.Disconnected _,
            LaneTransaction.TooSlow _,
            LaneTransaction.Doubtful _,
            LaneTransaction.Failed _ ->
            pause(Duration.ofMillis(200));
      }
    }
    LaneUnavailableException outcome =
        new LaneUnavailableException.UnknownOutcomeException(
            "the database was lost during a commit and did not come back in time", unknown.cause());
    batch.forEach(pending -> pending.fail(outcome));
    return List.of();
  }

  private void done(
      List<Pending<?>> commands, LaneTransaction.Committed committed, long startedNanos) {
    metrics.batchTime.record(System.nanoTime() - startedNanos, TimeUnit.NANOSECONDS);
    metrics.batchCommands.record(commands.size());
    metrics.appended(committed.events());
    commands.forEach(Pending::complete);
    if (!committed.events().isEmpty()) {
      signal.appended(committed.nextPosition());
    }
  }

  private static void pause(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Takes no more commands, finishes those that are queued, and ends. */
  @Override
  public void close() {
    closed = true;
    try {
      thread.join(Duration.ofSeconds(30));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    failQueued(new LaneUnavailableException(CLOSED));
  }

  private void failQueued(LaneUnavailableException why) {
    List<Pending<?>> left = new ArrayList<>();
    queue.drainTo(left);
    left.forEach(pending -> pending.fail(why));
  }
}
