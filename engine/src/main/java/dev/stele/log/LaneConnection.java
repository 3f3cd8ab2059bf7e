package dev.stele.log;

import dev.stele.sql.Values;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lane's own connection, opened when needed and dropped when broken. Used by the lane's thread
 * only.
 */
final class LaneConnection {
  private static final Logger log = LoggerFactory.getLogger(LaneConnection.class);

  private final ConnectionSource source;
  private Handle handle;

  LaneConnection(ConnectionSource source) {
    this.source = source;
  }

  /**
   * Runs the work on the connection. If that turns out to be broken before a commit, the work is
   * run again on a new one: the session may have been lost while nobody used it. Where the database
   * did not answer in time, it would not answer a new one either.
   */
  LaneTransaction.Attempt attempt(Function<Handle, LaneTransaction.Attempt> work) {
    boolean used = handle != null;
    LaneTransaction.Attempt first = once(work);
    return used
            && first instanceof LaneTransaction.Disconnected(Throwable cause)
            && Outage.of(cause).equals(Optional.of(Outage.LOST_SESSION))
            && !Outage.isSilence(cause)
        ? once(work)
        : first;
  }

  private LaneTransaction.Attempt once(Function<Handle, LaneTransaction.Attempt> work) {
    try {
      if (handle == null) {
        handle = open();
      }
    } catch (SQLException | RuntimeException e) {
      return new LaneTransaction.Disconnected(e);
    }
    LaneTransaction.Attempt attempt;
    try {
      attempt = work.apply(handle);
    } catch (Throwable e) {
      // INVARIANT: whatever was thrown, nothing of this transaction is left for the next one.
      close();
      throw e;
    }
    switch (attempt) {
      case LaneTransaction.Committed _,
          LaneTransaction.TooSlow _,
          LaneTransaction.Doubtful _,
          LaneTransaction.Failed _ -> {}
      case LaneTransaction.Unknown _, LaneTransaction.Disconnected _ -> close();
    }
    return attempt;
  }

  private Handle open() throws SQLException {
    Connection connection = source.open();
    try {
      connection.setAutoCommit(false);
      // What is read under the log's lock must be what the holder before left, whatever the
      // default.
      connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
      // All that the lane asks are look-ups by keys, of which a plan need not know how many there
      // are: planning each time takes longer than looking up a few.
      try (Statement statement = connection.createStatement()) {
        statement.execute("SET plan_cache_mode = force_generic_plan");
      }
      connection.commit();
      return Values.known(Jdbi.create(connection)).open();
    } catch (SQLException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  void close() {
    if (handle != null) {
      try {
        handle.getConnection().close();
      } catch (SQLException e) {
        log.debug("closing a broken connection", e);
      }
      handle = null;
    }
  }
}
