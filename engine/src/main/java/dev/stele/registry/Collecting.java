package dev.stele.registry;

import dev.stele.gc.Candidate;
import dev.stele.gc.Collection;
import dev.stele.gc.Collector;
import dev.stele.gc.GcOptions;
import dev.stele.gc.Waiting;
import java.util.Optional;
import java.util.function.Consumer;

/** Removes what nobody can reach any more, and tells of it. Thread-safe. */
public final class Collecting {
  private final Collector collector;

  Collecting(Collector collector) {
    this.collector = collector;
  }

  /** What was configured. */
  public GcOptions options() {
    return collector.options();
  }

  /**
   * Collects once, and returns what that did. If something fails, what was done until then is done,
   * and the result says what failed.
   */
  public Collection run() {
    return collector.run();
  }

  /** The collection that runs, or the last one of this process. */
  public Optional<Collection> last() {
    return collector.last();
  }

  /**
   * Tells what a collection would take now, without doing anything; see {@link
   * Collector#candidates}.
   */
  public void candidates(Consumer<Candidate> each) {
    collector.candidates(each);
  }

  /** How much nobody can reach, past grace or not. */
  public Waiting waiting() {
    return Availability.guard(collector::waiting);
  }

  /** Brings the view of what nobody can reach up by some events; returns how many, 0 if it is. */
  public int follow() {
    return collector.follow();
  }

  /**
   * Leaves upload sessions and unknown objects to the servers of this registry, whose they may be:
   * which session is in use, they alone know.
   */
  public void besideServers() {
    collector.besideServers();
  }
}
