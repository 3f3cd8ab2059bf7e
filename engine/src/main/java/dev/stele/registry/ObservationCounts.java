package dev.stele.registry;

import dev.stele.event.Event.Observed;
import dev.stele.event.Identity;
import dev.stele.event.Origin;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Counts what was observed, by who did it and what it was. Its room is bounded, however long nobody
 * takes what it has. Thread-safe.
 */
final class ObservationCounts {
  /** Who it was. Of those who did not sign in, who can be many, all are one. */
  record By(Identity identity, Origin origin) {
    static By of(Caller caller) {
      return new By(
          caller.identity(),
          caller.identity().equals(Identity.NOBODY) ? Origin.NONE : caller.origin());
    }
  }

  private record Key(By by, Observed what) {}

  private record Count(long times, Instant first, Instant last) {
    private Count plus(Count other) {
      return new Count(
          times + other.times,
          first.isBefore(other.first) ? first : other.first,
          last.isAfter(other.last) ? last : other.last);
    }
  }

  private final int mostKeys;
  private Map<Key, Count> counts = new HashMap<>();
  private Map<By, Integer> kinds = new HashMap<>();

  /**
   * @param mostKeys how many different observations there is room for
   */
  ObservationCounts(int mostKeys) {
    this.mostKeys = mostKeys;
  }

  /** Counts an observation; false if there is no room for it. */
  boolean add(By by, Observed what) {
    return add(by, what, Integer.MAX_VALUE);
  }

  /**
   * Counts an observation; false if there is no room for it.
   *
   * @param most how many different ones there may be of that kind of caller until all are taken
   */
  synchronized boolean add(By by, Observed what, int most) {
    Key key = new Key(by, what.counting(0, Instant.EPOCH, Instant.EPOCH));
    if (!counts.containsKey(key)) {
      if (counts.size() >= mostKeys || kinds.getOrDefault(by, 0) >= most) {
        return false;
      }
      kinds.merge(by, 1, Integer::sum);
    }
    counts.merge(key, new Count(what.count(), what.first(), what.last()), Count::plus);
    return true;
  }

  /** Whether more than half of the room is taken. */
  synchronized boolean filling() {
    return counts.size() > mostKeys / 2;
  }

  /** All observations by who it was, which are no longer held here. */
  Map<By, List<Observed>> take() {
    Map<Key, Count> taken;
    synchronized (this) {
      taken = counts;
      counts = new HashMap<>();
      kinds = new HashMap<>();
    }
    return taken.entrySet().stream()
        .collect(
            Collectors.groupingBy(
                entry -> entry.getKey().by(),
                Collectors.mapping(
                    entry -> observed(entry.getKey(), entry.getValue()), Collectors.toList())));
  }

  private static Observed observed(Key key, Count count) {
    return key.what().counting(count.times(), count.first(), count.last());
  }
}
