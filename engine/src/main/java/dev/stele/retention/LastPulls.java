package dev.stele.retention;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.Tag;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BinaryOperator;

/**
 * The last pulls of a repository's tags and digests, gathered from events in any number. Memory is
 * in proportion to the tags and digests that were pulled. Not thread-safe.
 */
final class LastPulls {
  private final Map<Tag, Occurrence> byTag = new HashMap<>();
  private final Map<Digest, Occurrence> byDigest = new HashMap<>();

  void add(RecordedEvent recorded, Event.PullsObserved pulls) {
    Occurrence moment = new Occurrence(recorded.position(), pulls.last());
    pulls
        .tag()
        .ifPresent(tag -> byTag.merge(tag, moment, BinaryOperator.maxBy(Occurrence::compareTo)));
    byDigest.merge(pulls.digest(), moment, BinaryOperator.maxBy(Occurrence::compareTo));
  }

  /** The last pull of a tag or of what it points to, these or one that is known otherwise. */
  Optional<Occurrence> last(Tag tag, Digest digest, Optional<Occurrence> known) {
    return later(
        known,
        later(Optional.ofNullable(byTag.get(tag)), Optional.ofNullable(byDigest.get(digest))));
  }

  static Optional<Occurrence> later(Optional<Occurrence> one, Optional<Occurrence> other) {
    return one.isPresent() && other.isPresent()
        ? Optional.of(BinaryOperator.maxBy(Occurrence::compareTo).apply(one.get(), other.get()))
        : one.or(() -> other);
  }
}
