package dev.stele.log;

import dev.stele.sql.Values;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.postgresql.PGConnection;

/**
 * Wakes whoever on this node follows the log, so that nobody else need look. It knows how far the
 * log reaches from this node's own appends and from the database, which one connection asks every
 * second, and at once when another node says by NOTIFY that it appended. A NOTIFY is a hint to
 * look, whatever it carries and whoever sent it, and many are one hint. This sends one at most
 * every {@value #NOTIFY_INTERVAL_MILLIS} ms, since each is a transaction of its own. Thread-safe.
 */
public final class LogSignal implements AutoCloseable {
  static final int NOTIFY_INTERVAL_MILLIS = 50;

  private static final int LOOK_MILLIS = 1_000;
  private static final int LEAST_MILLIS_BETWEEN_LOOKS = 10;
  private static final String CHANNEL = "stele_log";

  private final ConnectionSource connections;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private long knownNext;
  private long appends;
  private long announced;
  private volatile boolean closed;
  private final Recurring listener;
  private final Recurring announcer;

  public LogSignal(ConnectionSource connections) {
    this.connections = connections;
    this.listener = Recurring.start("log-listener", this::listen);
    this.announcer = Recurring.start("log-announcer", this::announce);
  }

  /** Tells that this node committed events below that position. */
  void appended(long nextPosition) {
    lock.lock();
    try {
      appends++;
      knownNext = Math.max(knownNext, nextPosition);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * The database said how far the log reaches, unless this node appended meanwhile. That may be
   * less than was known: a standby that took over may lack the newest events.
   */
  private void looked(long nextPosition, long appendsBefore) {
    lock.lock();
    try {
      if (appends == appendsBefore || nextPosition > knownNext) {
        knownNext = nextPosition;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private long appends() {
    lock.lock();
    try {
      return appends;
    } finally {
      lock.unlock();
    }
  }

  /** How far the log is known to reach: the position after the newest event that this knows of. */
  public long known() {
    lock.lock();
    try {
      return knownNext;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until the log is known to have grown past a position, or the time is over. Costs the
   * database nothing.
   *
   * @return whether it is known to have
   */
  public boolean await(long nextPosition, Duration timeout) throws InterruptedException {
    long nanos = timeout.toNanos();
    lock.lock();
    try {
      while (knownNext <= nextPosition && nanos > 0 && !closed) {
        nanos = changed.awaitNanos(nanos);
      }
      return knownNext > nextPosition;
    } finally {
      lock.unlock();
    }
  }

  private void listen() throws SQLException, InterruptedException {
    try (Connection connection = connections.open();
        Statement statement = connection.createStatement();
        Handle handle = Values.known(Jdbi.create(connection)).open()) {
      statement.execute("LISTEN " + CHANNEL);
      PGConnection postgres = connection.unwrap(PGConnection.class);
      while (!closed) {
        long before = appends();
        looked(LogReader.nextPosition(handle), before);
        if (postgres.getNotifications(LOOK_MILLIS).length > 0) {
          Thread.sleep(LEAST_MILLIS_BETWEEN_LOOKS);
        }
      }
    }
  }

  private void announce() throws SQLException, InterruptedException {
    try (Connection connection = connections.open();
        Statement statement = connection.createStatement()) {
      while (!closed) {
        long now = awaitAppend();
        if (now > announced) {
          statement.execute("NOTIFY " + CHANNEL);
          announced = now;
          Thread.sleep(NOTIFY_INTERVAL_MILLIS);
        }
      }
    }
  }

  private long awaitAppend() throws InterruptedException {
    lock.lock();
    try {
      while (appends <= announced && !closed) {
        changed.await();
      }
      return appends;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    closed = true;
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    listener.interrupt();
    announcer.interrupt();
  }
}
