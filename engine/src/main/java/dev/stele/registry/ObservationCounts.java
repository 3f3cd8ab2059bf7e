package dev.stele.registry;

import dev.stele.event.Event.Observed;
import dev.stele.event.Identity;
import dev.stele.event.Origin;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

  /** From how many places the doings of one are told apart until all are taken. */
  private static final int MOST_ORIGINS = 8;

  private final int mostKeys;
  private Map<Key, Count> counts = new HashMap<>();
  private Map<Identity, Integer> kinds = new HashMap<>();
  private Map<Identity, Set<Origin>> origins = new HashMap<>();

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
   * @param most how many different ones there may be of that caller until all are taken
   */
  synchronized boolean add(By by, Observed what, int most) {
    Key key = new Key(bounded(by), what.counting(0, Instant.EPOCH, Instant.EPOCH));
    if (!counts.containsKey(key)) {
      if (counts.size() >= mostKeys || kinds.getOrDefault(by.identity(), 0) >= most) {
        return false;
      }
      kinds.merge(by.identity(), 1, Integer::sum);
    }
    counts.merge(key, new Count(what.count(), what.first(), what.last()), Count::plus);
    return true;
  }

  /** What a client says of itself may be something else each time. */
  private By bounded(By by) {
    Set<Origin> known = origins.computeIfAbsent(by.identity(), _ -> new HashSet<>());
    return known.contains(by.origin()) || (known.size() < MOST_ORIGINS && known.add(by.origin()))
        ? by
        : new By(by.identity(), Origin.NONE);
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
      origins = new HashMap<>();
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
