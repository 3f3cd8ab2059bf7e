package dev.stele.registry;

import dev.stele.event.Event.PullEvent;
import dev.stele.event.Identity;
import dev.stele.event.Origin;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Pulls that were observed and are not recorded yet, by actor and what was pulled. Holds at most
 * {@value #MOST_KEYS} of these. Thread-safe.
 */
final class PullCounts {
  /** About 10 MiB. */
  static final int MOST_KEYS = 20_000;

  /**
   * @param what without its count and times
   */
  private record Key(By by, PullEvent what) {}

  /** Who it was. Of those who did not sign in, who can be many, all are one. */
  record By(Identity identity, Origin origin) {
    static By of(Caller caller) {
      return new By(
          caller.identity(),
          caller.identity().equals(Identity.NOBODY) ? Origin.NONE : caller.origin());
    }
  }

  private record Count(long pulls, Instant first, Instant last) {
    private Count plus(Count other) {
      return new Count(
          pulls + other.pulls,
          first.isBefore(other.first) ? first : other.first,
          last.isAfter(other.last) ? last : other.last);
    }
  }

  private Map<Key, Count> counts = new HashMap<>();

  /** Counts an observation; false if there is no room for it. */
  synchronized boolean add(By by, PullEvent pulls) {
    Key key = new Key(by, pulls.counting(0, Instant.EPOCH, Instant.EPOCH));
    if (counts.size() >= MOST_KEYS && !counts.containsKey(key)) {
      return false;
    }
    counts.merge(key, new Count(pulls.count(), pulls.first(), pulls.last()), Count::plus);
    return true;
  }

  /** Whether more than half of the room is taken. */
  synchronized boolean filling() {
    return counts.size() > MOST_KEYS / 2;
  }

  /** All observations by actor, which are no longer held here. */
  Map<By, List<PullEvent>> take() {
    Map<Key, Count> taken;
    synchronized (this) {
      taken = counts;
      counts = new HashMap<>();
    }
    return taken.entrySet().stream()
        .collect(
            Collectors.groupingBy(
                entry -> entry.getKey().by(),
                Collectors.mapping(
                    entry -> observed(entry.getKey(), entry.getValue()), Collectors.toList())));
  }

  private static PullEvent observed(Key key, Count count) {
    return key.what().counting(count.pulls(), count.first(), count.last());
  }
}
