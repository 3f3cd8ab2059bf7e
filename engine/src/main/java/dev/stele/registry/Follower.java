package dev.stele.registry;

import dev.stele.event.RecordedEvent;
import dev.stele.log.LogReader;
import dev.stele.log.Recurring;
import dev.stele.log.Retries;
import dev.stele.projection.ProjectionRunner;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;

/**
 * Brings all views that follow the log up with it, in turn: one after the other takes the next
 * events in a transaction of its own, of an event that changes much the next part. The events are
 * read and decoded once for all. What has grown meanwhile is the next round's, so that under load a
 * view takes many events at once. A view that fails is tried again after a pause, and stops no
 * other. For one thread.
 */
final class Follower {
  /** More than what any view is behind the first one in a round. */
  private static final int MOST_KEPT = 2_048;

  private final Window window;
  private final List<View> views = new ArrayList<>();

  Follower(LogReader reader) {
    this.window = new Window(reader);
  }

  private static final class View {
    private final ProjectionRunner runner;
    private final Consumer<List<RecordedEvent>> then;
    private final Retries retries;
    private long notBefore = System.nanoTime();
    private long next = -1;

    private View(
        ProjectionRunner runner, Consumer<List<RecordedEvent>> then, Recurring.Failures failures) {
      this.runner = runner;
      this.then = then;
      this.retries = new Retries("background-" + runner.projection().name(), failures);
    }

    /** Whether there is something to do, or it is not known. */
    private boolean isDue(long known, boolean looking) {
      return System.nanoTime() - notBefore >= 0
          && (looking || next < 0 || known - next >= runner.projection().unit());
    }

    /** Returns whether it is still behind what the log was known to have when the round began. */
    private boolean step(Window window) {
      try {
        ProjectionRunner.Part part = runner.part(window);
        if (!part.events().isEmpty()) {
          next = part.events().getLast().position() + 1;
          then.accept(part.events());
        }
        retries.succeeded();
        return part.goesOn()
            || (!part.events().isEmpty() && window.known - next >= runner.projection().unit());
      } catch (RuntimeException | Error e) {
        next = -1;
        notBefore = System.nanoTime() + retries.failed(e).toNanos();
        return false;
      }
    }
  }

  /**
   * Adds a view.
   *
   * @param then what is to be done when the view has taken in some events
   * @param failures is told how often in a row it failed
   */
  void add(
      ProjectionRunner runner, Consumer<List<RecordedEvent>> then, Recurring.Failures failures) {
    views.add(new View(runner, then, failures));
  }

  /**
   * One round.
   *
   * @param known how far the log is known to reach
   * @param looking whether to look at every view: another node may have brought it to where it is
   * @return whether a view is still behind that, so that the next round is due at once
   */
  boolean round(long known, boolean looking) {
    window.known = known;
    boolean more = false;
    for (View view : views) {
      if (view.isDue(known, looking)) {
        more |= view.step(window);
      }
    }
    return more;
  }

  /**
   * The newest events that were read, so that what one view was given the others need not read.
   *
   * <p>INVARIANT: nothing is handed out that the log does not have. A standby that took over may
   * lack the newest events, so what was read before is looked for again.
   */
  private static final class Window implements ProjectionRunner.Source {
    private final LogReader reader;
    private final List<RecordedEvent> events = new ArrayList<>();
    private long known;

    private Window(LogReader reader) {
      this.reader = reader;
    }

    private long first() {
      return events.isEmpty() ? 0 : events.getFirst().position();
    }

    @Override
    public List<RecordedEvent> events(Handle handle, long from, int limit) {
      if (from < first() || from > first() + events.size()) {
        events.clear();
      }
      if (!events.isEmpty() && !LogReader.has(handle, events.getLast())) {
        events.clear();
      }
      long next = events.isEmpty() ? from : first() + events.size();
      if (next < Math.max(known, from + 1) && next < from + limit) {
        events.addAll(reader.events(handle, next, limit));
      }
      if (events.isEmpty()) {
        return List.of();
      }
      int start = (int) (from - first());
      List<RecordedEvent> found =
          List.copyOf(events.subList(start, Math.min(events.size(), start + limit)));
      if (events.size() > MOST_KEPT) {
        events.subList(0, events.size() - MOST_KEPT / 2).clear();
      }
      return found;
    }
  }
}
