package dev.stele.gc;

import java.time.Instant;
import java.util.Optional;

/**
 * A collection, as it ended or so far.
 *
 * @param endedAt absent while it runs
 * @param failure what ended it early, if something did; the rest is left to the next one
 */
public record Collection(
    Instant startedAt, Optional<Instant> endedAt, Tally tally, Optional<String> failure) {
  static Collection started(Instant at) {
    return new Collection(at, Optional.empty(), Tally.NOTHING, Optional.empty());
  }

  /** Whether it found nothing to do. */
  public boolean idle() {
    return tally.equals(Tally.NOTHING);
  }

  Collection plus(Tally more) {
    return new Collection(startedAt, endedAt, tally.plus(more), failure);
  }

  Collection ended(Instant at, Optional<String> how) {
    return new Collection(startedAt, Optional.of(at), tally, how);
  }
}
