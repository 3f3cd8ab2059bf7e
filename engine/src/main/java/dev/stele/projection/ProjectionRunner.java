package dev.stele.projection;

import dev.stele.event.RecordedEvent;
import dev.stele.log.LogCheckpoint;
import dev.stele.log.LogReader;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Keeps an asynchronous projection up with the log. The checkpoint is saved in the transaction that
 * changes the view and is locked meanwhile, so an event is applied exactly once, whoever runs this
 * and however often. Whoever leads does so, or anybody while nobody leads; a checkpoint that
 * somebody else has locked is left to them. What fails is thrown and nothing is skipped. An event
 * that changes much is applied in several transactions; the checkpoint says how far it is, so
 * whoever comes next goes on from there. Thread-safe.
 */
public final class ProjectionRunner {
  /** The most events in one transaction: few enough that a view's readers hardly wait. */
  private static final int PAGE = 512;

  private static final long NANOS_BETWEEN_LOOKS = TimeUnit.MILLISECONDS.toNanos(25);

  private final Jdbi jdbi;
  private final LogReader reader;
  private final Projection projection;
  private final Supplier<OptionalLong> term;

  // How far the view is known to be, for those who wait: one looks for all.
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition looked = lock.newCondition();
  private long looksBegun;
  private long lastLook;
  private long lastLookNanos = System.nanoTime() - NANOS_BETWEEN_LOOKS;
  private boolean looking;
  private long known;

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
   * Applies the next events, as many as fit one transaction, or one that takes several, and returns
   * them; none while they are fewer than the projection's {@linkplain Projection#unit unit}, or it
   * is somebody else's turn.
   */
  public List<RecordedEvent> step() {
    Part part;
    do {
      part = part(reader::events);
    } while (part.goesOn() && !Thread.currentThread().isInterrupted());
    return part.events();
  }

  /** Where the log is read. */
  @FunctionalInterface
  public interface Source {
    /** At most {@code limit} events from a position on, in order. */
    List<RecordedEvent> events(Handle handle, long from, int limit);
  }

  /**
   * What one transaction did.
   *
   * @param events that are in the view now
   * @param goesOn whether the next event is in it in part
   */
  public record Part(List<RecordedEvent> events, boolean goesOn) {
    private static final Part NONE = new Part(List.of(), false);
  }

  /**
   * The same in one transaction, so perhaps only a part of an event. No client is told of its end,
   * so it need not wait for the disk: what is lost with a crash of the database is applied again,
   * and whatever is written later because of it is in the write-ahead log behind it.
   */
  public Part part(Source source) {
    Part part =
        jdbi.inTransaction(
            handle -> {
              handle.execute("SET LOCAL synchronous_commit = off");
              return LogCheckpoint.lock(handle, projection.name(), term.get())
                  .map(checkpoint -> part(handle, checkpoint, source))
                  .orElse(Part.NONE);
            });
    if (!part.events().isEmpty()) {
      lock.lock();
      try {
        tell(++looksBegun, part.events().getLast().position() + 1, true);
      } finally {
        lock.unlock();
      }
    }
    return part;
  }

  private Part part(Handle handle, LogCheckpoint checkpoint, Source source) {
    List<RecordedEvent> found = source.events(handle, checkpoint.nextPosition(), PAGE);
    List<RecordedEvent> events = found.subList(0, found.size() - found.size() % projection.unit());
    if (events.isEmpty()) {
      return Part.NONE;
    }
    RecordedEvent first = events.getFirst();
    if (projection.isWide(first.event())) {
      Optional<String> done = projection.applyPart(handle, first, checkpoint.part());
      if (done.isPresent()) {
        checkpoint.savePart(handle, done.get());
        return new Part(List.of(), true);
      }
      checkpoint.save(handle, first.position() + 1);
      return new Part(List.of(first), false);
    }
    events = events.stream().takeWhile(event -> !projection.isWide(event.event())).toList();
    projection.apply(handle, events);
    checkpoint.save(handle, events.getLast().position() + 1);
    return new Part(events, false);
  }

  /** The position of the first event that is not in the view yet. */
  public long nextPosition() {
    return jdbi.withHandle(handle -> LogCheckpoint.read(handle, projection.name()).nextPosition());
  }

  /**
   * Waits until the view has the event at a position and all before it. Whoever waits holds nothing
   * of the database, and one look at it serves all who wait. While nobody leads, those who wait
   * bring the view up by themselves.
   *
   * @return false if that was not so in time, or the thread was interrupted, as it stays then
   */
  public boolean await(long position, Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    lock.lock();
    try {
      long before = looksBegun;
      while (lastLook <= before || known <= position) {
        long now = System.nanoTime();
        long untilLook = lastLook <= before ? 0 : lastLookNanos + NANOS_BETWEEN_LOOKS - now;
        if (!looking && untilLook <= 0) {
          if (lastLook > before && deadline <= now) {
            return false;
          }
          look(position);
        } else if (deadline <= now) {
          return false;
        } else {
          long nanos = looking ? deadline - now : Math.min(deadline - now, untilLook);
          long _ = looked.awaitNanos(nanos);
        }
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Looks how far the view is, without the lock; and takes it further if it is nobody's turn. */
  private void look(long position) {
    long number = ++looksBegun;
    looking = true;
    lock.unlock();
    long next = 0;
    boolean moved = false;
    boolean done = false;
    try {
      next = nextPosition();
      if (next <= position) {
        List<RecordedEvent> events = step();
        moved = !events.isEmpty();
        next = moved ? events.getLast().position() + 1 : next;
      }
      done = true;
    } finally {
      lock.lock();
      looking = false;
      if (done) {
        tell(number, next, moved);
      } else {
        looked.signalAll(); // the next one looks
      }
    }
  }

  /**
   * @param moved whether that was a step of this node's, after which there may be more to do at
   *     once
   */
  private void tell(long look, long next, boolean moved) {
    if (look > lastLook) {
      lastLookNanos = moved ? System.nanoTime() - NANOS_BETWEEN_LOOKS : System.nanoTime();
      lastLook = look;
      known = next;
    }
    looked.signalAll();
  }
}
