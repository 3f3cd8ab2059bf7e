package dev.stele.registry;

import dev.stele.event.Event.PullEvent;
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
  private record Key(String actor, PullEvent what) {}

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
  synchronized boolean add(String actor, PullEvent pulls) {
    Key key = new Key(actor, pulls.counting(0, Instant.EPOCH, Instant.EPOCH));
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
  Map<String, List<PullEvent>> take() {
    Map<Key, Count> taken;
    synchronized (this) {
      taken = counts;
      counts = new HashMap<>();
    }
    return taken.entrySet().stream()
        .collect(
            Collectors.groupingBy(
                entry -> entry.getKey().actor(),
                Collectors.mapping(
                    entry -> observed(entry.getKey(), entry.getValue()), Collectors.toList())));
  }

  private static PullEvent observed(Key key, Count count) {
    return key.what().counting(count.pulls(), count.first(), count.last());
  }
}
