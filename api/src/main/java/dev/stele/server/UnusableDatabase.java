package dev.stele.server;

import dev.stele.database.DatabaseException;
import java.io.EOFException;
import java.io.IOException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.util.Optional;

/** Says why a configured database cannot be used, by the configuration's keys. */
final class UnusableDatabase {
  private UnusableDatabase() {}

  /** The failure with the key to look at, and what to do about it. */
  static StartupException explain(DatabaseException e) {
    String state = state(e);
    String message = e.getMessage();
    Optional<String> reason = beneath(e);
    if (state.startsWith("28") || message.contains("password")) {
      return startup(
          "database.user, database.password",
          message,
          "give the user and password of the schema's owner",
          e);
    }
    if (state.equals("3D000")) {
      return startup("database.url", message, "create the database, or name one that there is", e);
    }
    if (state.startsWith("08") || state.startsWith("57P")) {
      return startup(
          "database.url",
          message + reason.map(why -> " (" + why + ")").orElse(""),
          "check that PostgreSQL runs there and takes connections",
          e);
    }
    return startup("database.url", message, "see the manual on a PostgreSQL of your own", e);
  }

  /** What the network said, which the driver's message often leaves out. */
  private static Optional<String> beneath(Throwable thrown) {
    Optional<String> found = Optional.empty();
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnknownHostException) {
        return Optional.of("the host " + cause.getMessage() + " has no address");
      }
      if (cause instanceof EOFException) {
        found = Optional.of("the connection was closed: is that PostgreSQL's port?");
      } else if (cause instanceof IOException && cause.getMessage() != null) {
        found = Optional.of(cause.getMessage());
      } else if (cause instanceof SQLException
          && String.valueOf(cause.getMessage()).contains("SSL connection")
          && cause.getCause() == null) {
        found = Optional.of("what answers there does not speak PostgreSQL's protocol");
      }
    }
    return found.filter(why -> !String.valueOf(thrown.getMessage()).contains(why));
  }

  private static StartupException startup(
      String keys, String message, String remedy, DatabaseException cause) {
    return new StartupException("%s: %s; %s".formatted(keys, message, remedy), cause);
  }

  /** The SQLSTATE (PostgreSQL's appendix A) of the failure beneath; empty if there is none. */
  private static String state(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        return sql.getSQLState();
      }
    }
    return "";
  }
}
