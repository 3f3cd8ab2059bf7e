package dev.stele.registry;

import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import dev.stele.log.ConnectionSource;
import dev.stele.log.RepeatedWarning;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the log for those who answer from memory and must not be behind it, whatever other nodes
 * append: each waits for a look at the log that begins after it came, and one look serves all that
 * wait for it (as Raft's ReadIndex does). A look is a statement on a connection of its own, so
 * nobody who waits holds another. Thread-safe.
 *
 * @param <S> what is made of the events; it follows the log without a gap, and is begun anew where
 *     that cannot be
 */
final class ReadIndex<S extends Consumer<RecordedEvent>> implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(ReadIndex.class);

  /** More new events than that are not gone through. */
  private static final int MOST_EVENTS = 512;

  private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);

  /** A look reads a row or a few. A database that is frozen is to keep nobody waiting twice. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /** Names and routes change; a connection does not notice. */
  private static final Duration LONGEST_CONNECTION = Duration.ofMinutes(10);

  private final ConnectionSource connections;
  private final EventCodec codec;
  private final Supplier<S> beginning;
  private final RepeatedWarning warning = new RepeatedWarning(logger);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition ended = lock.newCondition();
  private boolean looking;
  private long begun;
  private long done;
  private long notBefore = System.nanoTime();
  private Optional<Seen<S>> seen = Optional.empty();

  /** Only whoever looks uses it, or closes. */
  private Optional<Future<Opened>> connection = Optional.empty();

  private boolean closed;

  /**
   * @param beginning makes what is to follow the log from where it is
   */
  ReadIndex(ConnectionSource connections, EventCodec codec, Supplier<S> beginning) {
    this.connections = connections;
    this.codec = codec;
    this.beginning = beginning;
  }

  /**
   * How far the log was seen.
   *
   * @param state has followed all events from where it began to before {@code next}
   * @param last the leaf before {@code next}: a standby that took over may lack the newest events,
   *     so that others have their positions
   */
  record Seen<S>(S state, long next, byte[] last) {}

  /**
   * What a look saw that began after this call; empty if it failed, so that the database must be
   * asked, which says why.
   */
  Optional<Seen<S>> look() {
    Optional<Seen<S>> before;
    lock.lock();
    try {
      // One that is under way may have missed what was committed just before.
      long mine = begun + 1;
      while (done < mine && looking) {
        if (seen.isEmpty()) {
          return seen; // Nobody waits for what failed before.
        }
        ended.awaitUninterruptibly();
      }
      if (done >= mine) {
        return seen;
      }
      if (closed || System.nanoTime() - notBefore < 0) {
        return Optional.empty();
      }
      looking = true;
      begun++;
      before = seen;
    } finally {
      lock.unlock();
    }
    Optional<Seen<S>> found = Optional.empty();
    try {
      found = Optional.of(look(before));
    } catch (StandbyException e) {
      logger.debug("what is asked is asked of the database", e);
    } catch (SQLException | RuntimeException e) {
      warning.warn("look", "the log could not be looked at, so the database is asked: " + e);
    } finally {
      if (found.isEmpty()) {
        disconnect();
      }
      lock.lock();
      try {
        seen = found;
        done = begun;
        looking = false;
        if (found.isEmpty()) {
          notBefore = System.nanoTime() + AFTER_FAILURE.toNanos();
        }
        ended.signalAll();
      } finally {
        lock.unlock();
      }
    }
    return found;
  }

  /** What the last look saw, which may be long ago; empty if it failed or there was none. */
  Optional<Seen<S>> seen() {
    lock.lock();
    try {
      return seen;
    } finally {
      lock.unlock();
    }
  }

  private record Leaf(long position, byte[] bytes) {}

  private Seen<S> look(Optional<Seen<S>> before) throws SQLException {
    if (before.isEmpty() || before.get().next() == 0) {
      return newest();
    }
    Seen<S> known = before.get();
    List<Leaf> leaves =
        leaves(
            "SELECT position, leaf FROM event WHERE position >= ? ORDER BY position LIMIT "
                + (MOST_EVENTS + 2),
            known.next() - 1);
    if (leaves.isEmpty()
        || leaves.size() > MOST_EVENTS + 1
        || !Arrays.equals(leaves.getFirst().bytes(), known.last())) {
      return newest();
    }
    if (leaves.size() == 1) {
      return known;
    }
    leaves.stream().skip(1).map(leaf -> codec.decode(leaf.bytes())).forEach(known.state());
    return new Seen<>(known.state(), leaves.getLast().position() + 1, leaves.getLast().bytes());
  }

  private Seen<S> newest() throws SQLException {
    List<Leaf> leaves = leaves("SELECT position, leaf FROM event ORDER BY position DESC LIMIT 1");
    return leaves.isEmpty()
        ? new Seen<>(beginning.get(), 0, new byte[0])
        : new Seen<>(beginning.get(), leaves.getFirst().position() + 1, leaves.getFirst().bytes());
  }

  /**
   * By JDBC, not by {@link dev.stele.log.LogReader}: Jdbi took a fifth of the processor time of a
   * GET by tag, whose only statement this is.
   */
  private List<Leaf> leaves(String sql, long... parameters) throws SQLException {
    try (PreparedStatement statement = connected().prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setLong(i + 1, parameters[i]);
      }
      try (ResultSet rows = statement.executeQuery()) {
        List<Leaf> leaves = new ArrayList<>();
        while (rows.next()) {
          leaves.add(new Leaf(rows.getLong(1), rows.getBytes(2)));
        }
        return leaves;
      }
    }
  }

  private record Opened(Connection connection, long atNanos) {}

  /** A server that follows another one may be behind it, and says nothing of that. */
  private static final class StandbyException extends SQLException {
    private static final long serialVersionUID = 1L;
  }

  /**
   * Opening takes as long as the database lets it, but nobody waits for that longer than for a
   * look.
   */
  private Connection connected() throws SQLException {
    if (connection.isPresent()
        && connection.get().state() == Future.State.SUCCESS
        && System.nanoTime() - connection.get().resultNow().atNanos()
            > LONGEST_CONNECTION.toNanos()) {
      disconnect();
    }
    if (connection.isEmpty()) {
      FutureTask<Opened> opening = new FutureTask<>(this::open);
      Thread _ = Thread.ofVirtual().name("read-index").start(opening);
      connection = Optional.of(opening);
    }
    try {
      return connection.get().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).connection();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof SQLException failure ? failure : new SQLException(e.getCause());
    } catch (TimeoutException e) {
      throw new SQLException("the database takes long to accept a connection", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SQLException("interrupted", e);
    }
  }

  private Opened open() throws SQLException {
    Connection opened = connections.open();
    try (Statement statement = opened.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_is_in_recovery()")) {
      if (row.next() && row.getBoolean(1)) {
        throw new StandbyException();
      }
      opened.setNetworkTimeout(Runnable::run, (int) PATIENCE.toMillis());
      return new Opened(opened, System.nanoTime());
    } catch (SQLException | RuntimeException | Error e) {
      opened.close();
      throw e;
    }
  }

  private void disconnect() {
    connection.ifPresent(
        opening -> {
          if (opening.isDone()) {
            close(opening);
          } else {
            Thread _ = Thread.ofVirtual().name("read-index-end").start(() -> close(opening));
          }
        });
    connection = Optional.empty();
  }

  /** Closes a connection, when it is open if that is yet to come. */
  private static void close(Future<Opened> opening) {
    try {
      opening.get().connection().close();
    } catch (ExecutionException | SQLException | InterruptedException e) {
      logger.debug("a connection is lost already", e);
    }
  }

  /** Waits for the look that is under way; from then on there is none. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      while (looking) {
        ended.awaitUninterruptibly();
      }
      disconnect();
    } finally {
      lock.unlock();
    }
  }
}
