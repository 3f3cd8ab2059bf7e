package dev.stele.sql;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.SqlStatements;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.core.statement.StatementCustomizer;

/**
 * By when work must be done. It holds for all that its thread does within {@link #within}: a
 * statement gets what is left of the time, in whole seconds, and the database is told to end it
 * then; what computes without statements is to {@link #check} now and then. Interrupting the thread
 * ends the work likewise. Immutable and thread-safe.
 */
public final class Deadline {
  private static final ScopedValue<Deadline> CURRENT = ScopedValue.newInstance();

  private final long endNanos;

  private Deadline(long endNanos) {
    this.endNanos = endNanos;
  }

  /** So long from now on. */
  public static Deadline in(Duration time) {
    return new Deadline(System.nanoTime() + time.toNanos());
  }

  /** What is left; negative when it is over. */
  public Duration left() {
    return Duration.ofNanos(endNanos - System.nanoTime());
  }

  /** Work that may fail. */
  @FunctionalInterface
  public interface Work<T> {
    T run() throws Exception;
  }

  /**
   * Does some work in this thread until then.
   *
   * @throws DeadlineOverException if it was not done by then, or something else that failed since
   *     it was ended
   */
  public <T> T within(Work<T> work) throws Exception {
    return ScopedValue.where(CURRENT, this)
        .call(
            () -> {
              check();
              return work.run();
            });
  }

  /**
   * Goes on unless the work that this thread is doing has to end; work without a deadline never
   * has.
   *
   * @throws DeadlineOverException if it has
   */
  public static void check() {
    if (CURRENT.isBound()
        && (CURRENT.get().left().isNegative() || Thread.currentThread().isInterrupted())) {
      throw new DeadlineOverException();
    }
  }

  /** Has all statements of a pool end with the work that they are part of. */
  public static void heed(Jdbi jdbi) {
    jdbi.getConfig(SqlStatements.class)
        .addCustomizer(
            new StatementCustomizer() {
              @Override
              public void beforeExecution(PreparedStatement statement, StatementContext context)
                  throws SQLException {
                heed(statement);
              }
            });
  }

  /** Has a statement that is about to be executed end with the work that it is part of. */
  static void heed(PreparedStatement statement) throws SQLException {
    check();
    if (CURRENT.isBound()) {
      long seconds = CURRENT.get().left().plusMillis(999).toSeconds();
      statement.setQueryTimeout(Math.toIntExact(Math.max(1, seconds)));
    }
  }

  /** That work had to end before it was done. */
  public static final class DeadlineOverException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DeadlineOverException() {
      super("the work was not done in time, or interrupted");
    }
  }
}
