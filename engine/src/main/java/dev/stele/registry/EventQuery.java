package dev.stele.registry;

/**
 * Which events to list, and how.
 *
 * @param after only those after this position; -1 for all from the start
 * @param through only those up to this position, itself included
 * @param newestFirst whether to list from the newest to the oldest
 * @param limit how many at most, at least 1
 */
public record EventQuery(
    EventFilter filter, long after, long through, boolean newestFirst, int limit) {
  public EventQuery {
    if (limit < 1) {
      throw new IllegalArgumentException("a page has at least one event, not " + limit);
    }
  }

  /** The query for what follows a page, of which {@code next} was told. */
  public EventQuery from(long next) {
    return newestFirst
        ? new EventQuery(filter, after, next - 1, true, limit)
        : new EventQuery(filter, next, through, false, limit);
  }
}
