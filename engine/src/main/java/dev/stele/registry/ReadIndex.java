package dev.stele.registry;

import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import dev.stele.log.ConnectionSource;
import dev.stele.log.RepeatedWarning;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
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
  /** More new events than that are not gone through. */
  private static final int MOST_EVENTS = 512;

  private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);

  /** A look reads a row or a few. A database that is frozen is to keep nobody waiting twice. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final ConnectionSource connections;
  private final EventCodec codec;
  private final Supplier<S> beginning;
  private final RepeatedWarning warning =
      new RepeatedWarning(LoggerFactory.getLogger(ReadIndex.class));

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition ended = lock.newCondition();
  private boolean looking;
  private long begun;
  private long done;
  private long notBefore = System.nanoTime();
  private Optional<Seen<S>> seen = Optional.empty();

  /** Only whoever looks uses it. */
  private Optional<Connection> connection = Optional.empty();

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
    } catch (SQLException | RuntimeException e) {
      disconnect();
      warning.warn("look", "the log could not be looked at, so the database is asked: " + e);
    } finally {
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

  private List<Leaf> leaves(String sql, long... parameters) throws SQLException {
    if (connection.isEmpty()) {
      connection = Optional.of(connections.open());
      connection.get().setNetworkTimeout(Runnable::run, (int) PATIENCE.toMillis());
    }
    try (PreparedStatement statement = connection.get().prepareStatement(sql)) {
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

  private void disconnect() {
    try {
      if (connection.isPresent()) {
        connection.get().close();
      }
    } catch (SQLException _) {
      // It is lost already.
    }
    connection = Optional.empty();
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
