package dev.stele.projection;

import dev.stele.event.RecordedEvent;
import dev.stele.log.LogCheckpoint;
import dev.stele.log.LogReader;
import java.util.List;
import org.jdbi.v3.core.Jdbi;

/**
 * Keeps an asynchronous projection up with the log. The checkpoint is saved in the transaction that
 * changes the view and is locked meanwhile, so an event is applied exactly once, whoever runs this
 * and however often. What fails is thrown and nothing is skipped. Thread-safe.
 */
public final class ProjectionRunner {
  /** The most events in one transaction: few enough that a view's readers hardly wait. */
  private static final int PAGE = 512;

  private final Jdbi jdbi;
  private final LogReader reader;
  private final Projection projection;

  public ProjectionRunner(Jdbi jdbi, LogReader reader, Projection projection) {
    this.jdbi = jdbi;
    this.reader = reader;
    this.projection = projection;
  }

  public Projection projection() {
    return projection;
  }

  /**
   * Applies the next events, as many as fit one transaction, and returns them; none while they are
   * fewer than the projection's {@linkplain Projection#unit unit}.
   */
  public List<RecordedEvent> step() {
    return jdbi.inTransaction(
        handle -> {
          // An event may concern all of a large repository, and a step that never ends in time
          // would be tried again for ever.
          handle.execute("SET LOCAL statement_timeout = 0");
          LogCheckpoint checkpoint = LogCheckpoint.lock(handle, projection.name());
          List<RecordedEvent> found = reader.events(handle, checkpoint.nextPosition(), PAGE);
          List<RecordedEvent> events =
              found.subList(0, found.size() - found.size() % projection.unit());
          if (!events.isEmpty()) {
            projection.apply(handle, events);
            checkpoint.save(handle, events.getLast().position() + 1);
          }
          return events;
        });
  }

  /** The position of the first event that is not in the view yet. */
  public long nextPosition() {
    return jdbi.withHandle(handle -> LogCheckpoint.read(handle, projection.name()).nextPosition());
  }
}
