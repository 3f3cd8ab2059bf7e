package dev.stele.projection;

import dev.stele.event.RecordedEvent;
import dev.stele.log.LogCheckpoint;
import dev.stele.log.LogReader;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Keeps an asynchronous projection up with the log. The checkpoint is saved in the transaction that
 * changes the view and is locked meanwhile, so an event is applied exactly once, whoever runs this
 * and however often. Whoever leads does so, or anybody while nobody leads; a checkpoint that
 * somebody else has locked is left to them. What fails is thrown and nothing is skipped.
 * Thread-safe.
 */
public final class ProjectionRunner {
  /** The most events in one transaction: few enough that a view's readers hardly wait. */
  private static final int PAGE = 512;

  private final Jdbi jdbi;
  private final LogReader reader;
  private final Projection projection;
  private final Supplier<OptionalLong> term;

  /** A runner for when nobody leads. */
  public ProjectionRunner(Jdbi jdbi, LogReader reader, Projection projection) {
    this(jdbi, reader, projection, OptionalLong::empty);
  }

  /**
   * @param term in which this node leads, if it does
   */
  public ProjectionRunner(
      Jdbi jdbi, LogReader reader, Projection projection, Supplier<OptionalLong> term) {
    this.jdbi = jdbi;
    this.reader = reader;
    this.projection = projection;
    this.term = term;
  }

  public Projection projection() {
    return projection;
  }

  /**
   * Applies the next events, as many as fit one transaction, and returns them; none while they are
   * fewer than the projection's {@linkplain Projection#unit unit}, or it is somebody else's turn.
   */
  public List<RecordedEvent> step() {
    return jdbi.inTransaction(
        handle ->
            LogCheckpoint.lock(handle, projection.name(), term.get())
                .map(checkpoint -> step(handle, checkpoint))
                .orElse(List.of()));
  }

  private List<RecordedEvent> step(Handle handle, LogCheckpoint checkpoint) {
    List<RecordedEvent> found = reader.events(handle, checkpoint.nextPosition(), PAGE);
    List<RecordedEvent> events = found.subList(0, found.size() - found.size() % projection.unit());
    if (!events.isEmpty()) {
      projection.apply(handle, events);
      checkpoint.save(handle, events.getLast().position() + 1);
    }
    return events;
  }

  /** The position of the first event that is not in the view yet. */
  public long nextPosition() {
    return jdbi.withHandle(handle -> LogCheckpoint.read(handle, projection.name()).nextPosition());
  }
}
