package dev.stele.log;

import java.net.SocketTimeoutException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jdbi.v3.core.ConnectionException;

/**
 * Trouble with the database that passes, as opposed to a defect, which does not. Told by SQLSTATE
 * (PostgreSQL's appendix A).
 */
public enum Outage {
  /** The session was lost; on a new one the same may work at once. */
  LOST_SESSION("the database is away"),

  /** There is no session to be had, or the server cannot do it for now. */
  AWAY("the database is away"),

  /** All sessions that this process may have are in use, and stayed so. */
  BUSY("too much is asked of the database at once, or it does not answer"),

  /**
   * A transaction may only read: a standby's, or any where an operator or a full storage says so.
   */
  READ_ONLY("the database may only be read"),

  /** The server's disk is full. */
  DISK_FULL("the database has no room left on its disk"),

  /** A statement waited too long for a lock that another session holds; the session is fine. */
  LOCKED("the database is locked by another session"),

  /** A statement took longer than it is given; the session is fine. */
  TOO_SLOW("this took longer than the database gives a statement");

  /** How HikariCP says that it has no session to give, with how many it has and are in use. */
  private static final Pattern POOL = Pattern.compile("total=([1-9][0-9]*), active=([0-9]+)");

  private final String told;

  Outage(String told) {
    this.told = told;
  }

  /** What anybody may know of it: the database's own messages have the values of statements. */
  public String told() {
    return told;
  }

  /** The outage that brought this about; empty if none did. */
  public static Optional<Outage> of(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLTransientConnectionException) {
        Matcher pool = POOL.matcher(String.valueOf(cause.getMessage()));
        return Optional.of(pool.find() && pool.group(1).equals(pool.group(2)) ? BUSY : AWAY);
      }
      if (cause instanceof ConnectionException
          && !(cause.getCause() instanceof SQLTransientConnectionException)) {
        return Optional.of(AWAY);
      }
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        return of(sql.getSQLState());
      }
    }
    return Optional.empty();
  }

  /** Whether a connection was given up since the database did not answer. */
  static boolean isSilence(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof SocketTimeoutException) {
        return true;
      }
    }
    return false;
  }

  /** Whether the database refused to write, though it may be read: a standby, or a full disk. */
  public static boolean forbidsWriting(Throwable thrown) {
    return of(thrown).filter(outage -> outage == READ_ONLY || outage == DISK_FULL).isPresent();
  }

  private static Optional<Outage> of(String state) {
    // 08 connection, 57P server shut down, crashed or starting up, 25P03 a transaction left open
    if (state.startsWith("08") || state.startsWith("57P") || state.equals("25P03")) {
      return Optional.of(LOST_SESSION);
    }
    return switch (state) {
      case "25006" -> Optional.of(READ_ONLY);
      case "53100" -> Optional.of(DISK_FULL);
      case "55P03" -> Optional.of(LOCKED);
      case "57014" -> Optional.of(TOO_SLOW);
      // 53 out of resources such as memory, 57 an operator's
      default ->
          state.startsWith("53") || state.startsWith("57") ? Optional.of(AWAY) : Optional.empty();
    };
  }
}
