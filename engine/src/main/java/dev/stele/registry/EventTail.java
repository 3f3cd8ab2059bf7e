package dev.stele.registry;

import dev.stele.event.Facet;
import dev.stele.event.Facets;
import dev.stele.event.RecordedEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The newest events in memory: one reader of the log feeds all who follow it on this node. Bounded
 * in number and bytes; whoever has fallen behind it reads the log by itself. Thread-safe.
 */
final class EventTail {
  /** The most events that are kept, and how far from the newest a follower may be. */
  static final int MOST = 4_096;

  private static final long MOST_BYTES = 8L << 20;
  private static final int PAGE = 512;

  /**
   * An event, and all by which it can be asked for.
   *
   * @param bytes of its leaf
   */
  record Item(EventEntry entry, RecordedEvent event, Set<Facet> facets, int bytes) {
    static Item of(EventEntry entry, RecordedEvent event, int bytes) {
      return new Item(entry, event, Facets.of(event), bytes);
    }
  }

  /** Reads at most so many events from a position on. */
  @FunctionalInterface
  interface Source {
    List<Item> read(long from, int limit);
  }

  private final Source source;
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Item> items = new ArrayList<>();
  private long first;
  private long bytes;

  EventTail(Source source) {
    this.source = source;
  }

  /**
   * Events from a position on, in order, at least one of those that there are; empty if that is too
   * far behind to be kept here.
   *
   * @param next how far the log is known to reach, past that position
   */
  Optional<List<Item>> from(long from, long next) {
    if (next - from > MOST) {
      return Optional.empty();
    }
    lock.lock(); // while one reads, the others wait for what it finds
    try {
      if (end() > next || from > end() + MOST || items.isEmpty()) {
        // Nobody has followed for a while, or the log was put back.
        items.clear();
        bytes = 0;
        first = from;
      }
      if (from < first) {
        return Optional.empty();
      }
      while (end() <= from) {
        List<Item> page = source.read(end(), PAGE);
        if (page.isEmpty()) {
          return Optional.of(List.of());
        }
        add(page);
      }
      return from < first
          ? Optional.empty()
          : Optional.of(List.copyOf(items.subList((int) (from - first), items.size())));
    } finally {
      lock.unlock();
    }
  }

  private long end() {
    return first + items.size();
  }

  private void add(List<Item> page) {
    items.addAll(page);
    page.forEach(item -> bytes += item.bytes());
    int old = 0;
    while (items.size() - old > MOST || (bytes > MOST_BYTES && old < items.size() - page.size())) {
      bytes -= items.get(old++).bytes();
    }
    items.subList(0, old).clear();
    first += old;
  }
}
