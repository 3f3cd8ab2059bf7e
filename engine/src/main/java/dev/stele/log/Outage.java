package dev.stele.log;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Optional;
import org.jdbi.v3.core.ConnectionException;

/**
 * Trouble with the database that passes, as opposed to a defect, which does not. Told by SQLSTATE
 * (PostgreSQL's appendix A).
 */
public enum Outage {
  /** The session was lost; on a new one the same may work at once. */
  LOST_SESSION,

  /** There is no session to be had, or the server cannot do it for now. */
  AWAY,

  /**
   * A statement took longer than it is given, or waited so long for a lock; the session is fine.
   */
  TOO_SLOW;

  /** A transaction that may only read: a standby's, or any where storage is full. */
  private static final String READ_ONLY = "25006";

  private static final String DISK_FULL = "53100";

  /** The outage that brought this about; empty if none did. */
  public static Optional<Outage> of(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof ConnectionException
          || cause instanceof SQLTransientConnectionException) {
        return Optional.of(AWAY);
      }
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        return of(sql.getSQLState());
      }
    }
    return Optional.empty();
  }

  /** Whether the database refused to write, though it may be read: a standby, or a full disk. */
  public static boolean forbidsWriting(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql) {
        return READ_ONLY.equals(sql.getSQLState()) || DISK_FULL.equals(sql.getSQLState());
      }
    }
    return false;
  }

  private static Optional<Outage> of(String state) {
    // 08 connection, 57P server shut down, crashed or starting up, 25P03 a transaction left open
    if (state.startsWith("08") || state.startsWith("57P") || state.equals("25P03")) {
      return Optional.of(LOST_SESSION);
    }
    // 57014 a statement that takes too long, 55P03 one that waits for somebody else's lock too long
    if (state.equals("57014") || state.equals("55P03")) {
      return Optional.of(TOO_SLOW);
    }
    // 53 out of resources such as disk, 57 an operator's
    return state.startsWith("53") || state.startsWith("57") || state.equals(READ_ONLY)
        ? Optional.of(AWAY)
        : Optional.empty();
  }
}
