package dev.stele.registry;

import dev.stele.log.LaneUnavailableException;
import dev.stele.log.Outage;
import java.util.Optional;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/** Tells a database that is away, which passes, from a defect, which does not. */
final class Availability {
  /**
   * How many lost connections a read puts up with. After a restart of the database each of the
   * pool's idle connections is one, and the pool drops it only when it has failed.
   */
  private static final int MOST_LOST_CONNECTIONS = 100;

  private Availability() {}

  /**
   * Reads within one connection, and again within another if that one was lost; a database that is
   * away becomes a {@link RegistryUnavailableException}.
   *
   * @param work may run more than once
   */
  static <T> T read(Jdbi jdbi, HandleCallback<T, RuntimeException> work) {
    return guard(
        () -> {
          for (int lost = 0; ; lost++) {
            try {
              return jdbi.withHandle(work);
            } catch (JdbiException e) {
              if (lost == MOST_LOST_CONNECTIONS
                  || !Outage.of(e).equals(Optional.of(Outage.LOST_SESSION))) {
                throw e;
              }
            }
          }
        });
  }

  /** Work on the lane or the database, which may throw what has nothing to do with these. */
  @FunctionalInterface
  interface Work<T, X extends Exception> {
    T run() throws X;
  }

  /**
   * Runs work on the lane or the database; when they are away, throws {@link
   * RegistryUnavailableException}.
   */
  static <T, X extends Exception> T guard(Work<T, X> work) throws X {
    try {
      return work.run();
    } catch (LaneUnavailableException e) {
      throw new RegistryUnavailableException(e.getMessage(), e);
    } catch (JdbiException e) {
      Outage outage = Outage.of(e).orElseThrow(() -> e);
      throw new RegistryUnavailableException(outage.told(), e);
    }
  }

  /** Such work that has no result. */
  @FunctionalInterface
  interface Task<X extends Exception> {
    void run() throws X;
  }

  /** As {@link #guard}. */
  static <X extends Exception> void run(Task<X> task) throws X {
    Availability.<Boolean, X>guard(
        () -> {
          task.run();
          return true;
        });
  }
}
