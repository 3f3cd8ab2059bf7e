package dev.stele.log;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which of the nodes over one database does the work that one is enough for. The leader holds an
 * advisory lock on a connection of its own; when it dies, PostgreSQL releases the lock and another
 * node takes it within about a second.
 *
 * <p>A leader learns that it lost its connection a moment after the next one took over, so what it
 * does must be right when two do it at once; this only spares the work. Thread-safe.
 */
public final class Leadership implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(Leadership.class);
  private static final Duration HEARTBEAT = Duration.ofSeconds(1);

  /** The advisory lock's key: "stele" in ASCII. */
  private static final long KEY = 0x7374656c65L;

  private final ConnectionSource connections;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean leading;
  private volatile boolean closed;
  private final Thread thread;

  public Leadership(ConnectionSource connections) {
    this.connections = connections;
    this.thread = Thread.ofVirtual().name("leadership").start(this::run);
  }

  /** Whether this node leads, as far as it knows. */
  public boolean leading() {
    lock.lock();
    try {
      return leading;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until this node leads. */
  public void await() throws InterruptedException {
    lock.lock();
    try {
      while (!leading) {
        changed.await();
      }
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    while (!closed) {
      try (Connection connection = connections.open()) {
        while (!closed) {
          set(leading() ? connection.isValid(5) : taken(connection));
          if (!leading() && !connection.isValid(5)) {
            break;
          }
          Thread.sleep(HEARTBEAT);
        }
      } catch (SQLException | RuntimeException e) {
        logger.debug("no leadership for now", e);
        pause();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } finally {
        set(false);
      }
    }
  }

  private static boolean taken(Connection connection) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT pg_try_advisory_lock(?)")) {
      statement.setLong(1, KEY);
      try (ResultSet row = statement.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    }
  }

  private void set(boolean now) {
    lock.lock();
    try {
      if (now != leading) {
        leading = now;
        logger.info(now ? "this node leads" : "this node leads no more");
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(HEARTBEAT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Lets another node lead. */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
