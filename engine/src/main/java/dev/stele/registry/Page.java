package dev.stele.registry;

import java.util.List;

/** One page of a list, in order, and whether more follows the last item. */
public record Page<T>(List<T> items, boolean more) {
  public Page {
    items = List.copyOf(items);
  }

  /**
   * A page of at most {@code limit} of these items, which were read one past the limit to know
   * whether more follows.
   */
  public static <T> Page<T> of(List<T> items, int limit) {
    return items.size() > limit
        ? new Page<>(items.subList(0, limit), true)
        : new Page<>(items, false);
  }
}
