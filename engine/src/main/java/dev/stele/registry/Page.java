package dev.stele.registry;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/** One page of a list, in order, and whether more follows the last item. */
public record Page<T>(List<T> items, boolean more) {
  /** Reading few at once would cost a query each. */
  private static final int BATCH = 1_000;

  public Page {
    items = List.copyOf(items);
  }

  /** Reads a page of a list: at most {@code limit} items that come after one. */
  @FunctionalInterface
  public interface Lister<T> {
    Page<T> list(Optional<String> after, int limit);
  }

  /**
   * A page of those items that match, in as many large readings as that takes.
   *
   * @param key what an item is called when the next page is asked for
   */
  public static <T> Page<T> matching(
      Optional<String> after,
      int limit,
      Lister<T> lister,
      Predicate<T> matches,
      Function<T, String> key) {
    List<T> found = new ArrayList<>();
    Optional<String> last = after;
    int size = limit;
    while (true) {
      Page<T> page = lister.list(last, size);
      size = Math.max(limit, BATCH); // Most do not match, it seems.
      for (T item : page.items()) {
        if (matches.test(item)) {
          if (found.size() == limit) {
            return new Page<>(found, true);
          }
          found.add(item);
        }
      }
      if (!page.more()) {
        return new Page<>(found, false);
      }
      last = Optional.of(key.apply(page.items().getLast()));
    }
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
