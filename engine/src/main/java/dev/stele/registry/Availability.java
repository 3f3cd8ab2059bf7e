package dev.stele.registry;

import dev.stele.log.LaneUnavailableException;
import java.sql.SQLException;
import java.util.function.Supplier;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/** Tells a database that is away, which passes, from a defect, which does not. */
final class Availability {
  private Availability() {}

  /**
   * Reads within one connection; a database that is away becomes a {@link
   * RegistryUnavailableException}.
   */
  static <T> T read(Jdbi jdbi, HandleCallback<T, RuntimeException> work) {
    return guard(() -> jdbi.withHandle(work));
  }

  /**
   * Runs work on the lane or the database; when they are away, throws {@link
   * RegistryUnavailableException}.
   */
  static <T> T guard(Supplier<T> work) {
    try {
      return work.get();
    } catch (LaneUnavailableException e) {
      throw new RegistryUnavailableException(e.getMessage(), e);
    } catch (JdbiException e) {
      if (passes(e)) {
        throw new RegistryUnavailableException(
            "the database is away: " + e.getCause().getMessage(), e);
      }
      throw e;
    }
  }

  /**
   * By SQLSTATE class: 08 connection, 53 out of resources, 57 operator intervention (shutdown,
   * start-up, timeout), 25006 read-only.
   */
  private static boolean passes(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof java.sql.SQLTransientConnectionException) {
        return true;
      }
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        String state = sql.getSQLState();
        if (state.startsWith("08")
            || state.startsWith("53")
            || state.startsWith("57")
            || state.equals("25006")) {
          return true;
        }
      }
    }
    return false;
  }
}
