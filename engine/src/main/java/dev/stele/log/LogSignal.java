package dev.stele.log;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Wakes whoever follows the log. Appends on this node wake at once; those of other nodes by NOTIFY,
 * which is sent after the commit and never more often than every {@value #NOTIFY_INTERVAL_MILLIS}
 * ms, since each NOTIFY is a transaction of its own. It is a hint: a follower also looks by itself
 * now and then. Thread-safe.
 */
public final class LogSignal implements AutoCloseable {
  static final int NOTIFY_INTERVAL_MILLIS = 50;

  private static final Logger logger = LoggerFactory.getLogger(LogSignal.class);
  private static final String CHANNEL = "stele_log";

  private final ConnectionSource connections;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private long knownNext;
  private long appendedNext;
  private long announcedNext;
  private volatile boolean closed;
  private final Thread listener;
  private final Thread announcer;

  public LogSignal(ConnectionSource connections) {
    this.connections = connections;
    this.listener = Thread.ofVirtual().name("log-listener").start(this::listen);
    this.announcer = Thread.ofVirtual().name("log-announcer").start(this::announce);
  }

  /** Tells that this node committed events below that position. */
  void appended(long nextPosition) {
    lock.lock();
    try {
      appendedNext = nextPosition;
    } finally {
      lock.unlock();
    }
    raise(nextPosition);
  }

  private void raise(long nextPosition) {
    lock.lock();
    try {
      if (nextPosition > knownNext) {
        knownNext = nextPosition;
        changed.signalAll();
      }
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
   * Waits until the log is known to have grown past a position, or the time is over.
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

  private void listen() {
    while (!closed) {
      try (Connection connection = connections.open();
          Statement statement = connection.createStatement()) {
        statement.execute("LISTEN " + CHANNEL);
        PGConnection postgres = connection.unwrap(PGConnection.class);
        while (!closed) {
          for (PGNotification notification : postgres.getNotifications(500)) {
            raise(Long.parseLong(notification.getParameter()));
          }
        }
      } catch (SQLException | NumberFormatException e) {
        lostDatabase(e);
      }
    }
  }

  private void announce() {
    while (!closed) {
      try (Connection connection = connections.open();
          Statement statement = connection.createStatement()) {
        while (!closed) {
          long next = nextToAnnounce();
          if (next > announcedNext) {
            statement.execute("NOTIFY " + CHANNEL + ", '" + next + "'");
            announcedNext = next;
            Thread.sleep(NOTIFY_INTERVAL_MILLIS);
          }
        }
      } catch (SQLException e) {
        lostDatabase(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private long nextToAnnounce() throws InterruptedException {
    lock.lock();
    try {
      while (appendedNext <= announcedNext && !closed) {
        changed.await();
      }
      return appendedNext;
    } finally {
      lock.unlock();
    }
  }

  /** Followers look by themselves meanwhile, so this is worth a note, not an error. */
  private void lostDatabase(Exception e) {
    if (!closed) {
      logger.debug("no notifications for now: {}", e.getMessage());
      try {
        Thread.sleep(500);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
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
