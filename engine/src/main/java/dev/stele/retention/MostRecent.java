package dev.stele.retention;

import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * The first few tags in an order: offer all, then ask. Holds no more than it is to find. Not
 * thread-safe.
 */
final class MostRecent {
  static final Comparator<TagFacts> BY_PUT =
      Comparator.comparing(TagFacts::put).reversed().thenComparing(TagFacts::tag);

  /** What was never pulled comes last. */
  static final Comparator<TagFacts> BY_PULL =
      Comparator.<TagFacts, Occurrence>comparing(
              facts -> facts.pulled().orElse(null),
              Comparator.nullsFirst(Comparator.naturalOrder()))
          .reversed()
          .thenComparing(BY_PUT);

  private final Comparator<TagFacts> order;
  private final int count;
  private final PriorityQueue<TagFacts> first;

  private MostRecent(Comparator<TagFacts> order, int count) {
    this.order = order;
    this.count = count;
    this.first = new PriorityQueue<>(order.reversed());
  }

  /** Those put last; of those put together, the first in byte order. */
  static MostRecent put(int count) {
    return new MostRecent(BY_PUT, count);
  }

  /** Those pulled last; of those pulled together or never, the ones put last. */
  static MostRecent pulled(int count) {
    return new MostRecent(BY_PULL, count);
  }

  void offer(TagFacts facts) {
    if (first.size() < count) {
      first.add(facts);
    } else if (order.compare(facts, first.element()) < 0) {
      first.remove();
      first.add(facts);
    }
  }

  /** Whether a tag that was offered is one of them. */
  boolean includes(TagFacts facts) {
    return first.size() < count || order.compare(facts, first.element()) <= 0;
  }
}
