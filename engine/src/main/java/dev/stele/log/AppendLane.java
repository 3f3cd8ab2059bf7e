package dev.stele.log;

import dev.stele.event.EventCodec;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
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
  private static final Duration MAX_WAIT_FOR_OUTCOME = Duration.ofSeconds(20);

  private final BlockingQueue<Pending<?>> queue = new ArrayBlockingQueue<>(QUEUE_CAPACITY);
  private final LaneConnection connection;
  private final LaneTransaction transaction;
  private final LogSignal signal;
  private final LaneMetrics metrics;
  private final Thread thread;
  private volatile boolean closed;

  /**
   * A command on its way, and what came of it. Only the lane's thread touches the result before the
   * future is complete.
   */
  static final class Pending<R> {
    private final Command<R> command;
    private final CompletableFuture<R> future = new CompletableFuture<>();
    final java.util.UUID id = java.util.UUID.randomUUID();
    private R result;

    private Pending(Command<R> command) {
      this.command = command;
    }

    Command<R> command() {
      return command;
    }

    void decide(Command.Decision decision) {
      result = command.decide(decision);
    }

    private void complete() {
      future.complete(result);
    }

    private void fail(Throwable cause) {
      future.completeExceptionally(cause);
    }
  }

  public AppendLane(
      ConnectionSource connections,
      EventCodec codec,
      InlineViews views,
      LogSignal signal,
      MeterRegistry meters) {
    this.connection = new LaneConnection(connections);
    this.transaction = new LaneTransaction(codec, views);
    this.signal = signal;
    this.metrics = new LaneMetrics(meters, queue);
    this.thread = Thread.ofPlatform().name("append-lane").start(this::run);
  }

  /**
   * Decides the command and appends what follows; returns when that is durable.
   *
   * @throws LaneUnavailableException if the lane is full or closed, or the database is away;
   *     nothing was appended, but for {@link LaneUnavailableException.UnknownOutcomeException}
   */
  public <R> R submit(Command<R> command) {
    Pending<R> pending = new Pending<>(command);
    try {
      if (closed || !queue.offer(pending, MAX_WAIT_FOR_ROOM.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new LaneUnavailableException(
            closed ? "the registry is shutting down" : "the append lane is full; try again later");
      }
      if (closed && queue.remove(pending)) {
        throw new LaneUnavailableException("the registry is shutting down");
      }
      return pending.future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      String message = "interrupted while waiting for the append lane";
      throw queue.remove(pending)
          ? new LaneUnavailableException(message, e)
          : new LaneUnavailableException.UnknownOutcomeException(message, e);
    } catch (ExecutionException e) {
      throw unwrapped(e.getCause());
    }
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
    while (takeBatch(batch)) {
      try {
        append(batch);
      } catch (Throwable e) { // the lane must outlive whatever a command throws
        log.error("the append lane failed", e);
        batch.forEach(pending -> pending.fail(e));
      }
      batch.clear();
    }
    connection.close();
  }

  private boolean takeBatch(List<Pending<?>> batch) {
    try {
      while (batch.isEmpty()) {
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
    List<Pending<?>> rest = batch;
    while (!rest.isEmpty()) {
      rest = appendSome(rest);
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
        LaneUnavailableException away =
            new LaneUnavailableException(
                "the database is away: " + lost.cause().getMessage(), lost.cause());
        log.warn("{}", away.getMessage());
        batch.forEach(pending -> pending.fail(away));
        return List.of();
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

  /**
   * Finds out whether a commit whose answer was lost happened; if not, the commands are simply
   * tried again.
   */
  private List<Pending<?>> resolve(
      List<Pending<?>> batch, LaneTransaction.Unknown unknown, long started) {
    log.warn("the database was lost during a commit; asking it what became of it", unknown.cause());
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
        case LaneTransaction.Unknown _, LaneTransaction.Disconnected _, LaneTransaction.Failed _ ->
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
    metrics.batchEvents.record(committed.events());
    commands.forEach(Pending::complete);
    if (committed.events() > 0) {
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
    List<Pending<?>> left = new ArrayList<>();
    queue.drainTo(left);
    left.forEach(
        pending -> pending.fail(new LaneUnavailableException("the registry is shutting down")));
  }
}
