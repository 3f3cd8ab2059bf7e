package dev.stele.projection;

import dev.stele.event.Facet;
import dev.stele.log.LogCheckpoint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * Finds the positions of events that have several facets, without reading the log: the blocks in
 * which all occur are found by leaping from one to the next, and only their rows are read and
 * intersected. Costs a few look-ups for each facet and block that may have such an event, but none
 * for blocks that lack one of the facets.
 */
public final class EventIndex {
  private static final int FIRST_BLOCKS = 2;
  private static final int MOST_BLOCKS = 64;

  private EventIndex() {}

  /** The position of the first event that is not indexed yet. */
  public static long nextPosition(Handle handle) {
    return LogCheckpoint.read(handle, EventIndexView.NAME).nextPosition();
  }

  /**
   * At most {@code limit} positions of events that have at least one facet of every group.
   *
   * @param groups at least one
   * @param low the lowest position that is meant
   * @param high the highest
   * @param newestFirst from the highest down, else from the lowest up
   */
  public static List<Long> find(
      Handle handle,
      List<? extends Collection<Facet>> groups,
      long low,
      long high,
      boolean newestFirst,
      int limit) {
    Wanted wanted = Wanted.of(groups);
    List<Long> found = new ArrayList<>();
    int start = PositionSet.block(newestFirst ? high : low);
    int end = PositionSet.block(newestFirst ? low : high);
    for (int most = FIRST_BLOCKS; ; most = Math.min(MOST_BLOCKS, most * 4)) {
      Map<Integer, List<PositionSet>> blocks =
          blocks(handle, wanted, start, end, newestFirst, most);
      for (Map.Entry<Integer, List<PositionSet>> block : blocks.entrySet()) {
        PositionSet all = block.getValue().getFirst();
        block.getValue().forEach(all::retainAll);
        all.forEach(
            block.getKey(),
            newestFirst,
            position -> {
              if (low <= position && position <= high) {
                found.add(position);
              }
            });
        if (found.size() >= limit) {
          return found.subList(0, limit);
        }
        start = block.getKey() + (newestFirst ? -1 : 1);
      }
      if (blocks.size() < most) {
        return found;
      }
    }
  }

  /** The keys of facets, and the number of the group that each is in. */
  private record Wanted(List<UUID> facets, List<Integer> groups, int count) {
    static Wanted of(List<? extends Collection<Facet>> groups) {
      List<UUID> facets = new ArrayList<>();
      List<Integer> numbers = new ArrayList<>();
      for (int number = 0; number < groups.size(); number++) {
        for (Facet facet : groups.get(number)) {
          facets.add(facet.key());
          numbers.add(number);
        }
      }
      return new Wanted(facets, numbers, groups.size());
    }
  }

  /**
   * Each step asks of every group for its next block at or after a cursor. Where all agree is a
   * hit; else nothing can be before the farthest of them, so the cursor leaps there.
   */
  private static final String LEAP =
      """
      WITH RECURSIVE wanted AS MATERIALIZED (
        SELECT facet, number FROM unnest(:facets::uuid[], :numbers::integer[]) AS w (facet, number)),
      leap (cursor, hit) AS (
        SELECT :start::integer, NULL::integer
        UNION ALL
        SELECT CASE WHEN nearest = farthest THEN farthest + (%4$s) ELSE farthest END,
               CASE WHEN nearest = farthest THEN farthest END
        FROM leap
        CROSS JOIN LATERAL (
          SELECT %1$s(block) AS nearest, %2$s(block) AS farthest, count(*) AS groups
          FROM (
            SELECT %1$s(next.block) AS block
            FROM wanted
            CROSS JOIN LATERAL (
              SELECT i.block FROM event_index i
              WHERE i.facet = wanted.facet AND i.block %3$s leap.cursor
              ORDER BY i.facet %5$s, i.block %5$s
              LIMIT 1) AS next
            GROUP BY wanted.number) AS each) AS step
        WHERE groups = :groups AND farthest %6$s :end)
      SELECT hits.block, wanted.number, rows.words
      FROM (SELECT hit AS block FROM leap WHERE hit IS NOT NULL LIMIT :most) AS hits
      CROSS JOIN wanted
      CROSS JOIN LATERAL (
        SELECT words FROM event_index i WHERE i.facet = wanted.facet AND i.block = hits.block LIMIT 1) AS rows
      ORDER BY hits.block %5$s
      """;

  private static final String OLDEST_FIRST = LEAP.formatted("min", "max", ">=", "1", "", "<=");
  private static final String NEWEST_FIRST = LEAP.formatted("max", "min", "<=", "-1", "DESC", ">=");

  /** Of the next blocks that have all groups, at most so many, the set of each group. */
  private static Map<Integer, List<PositionSet>> blocks(
      Handle handle, Wanted wanted, int start, int end, boolean newestFirst, int most) {
    Map<Integer, Map<Integer, PositionSet>> blocks = new LinkedHashMap<>();
    handle
        .createQuery(newestFirst ? NEWEST_FIRST : OLDEST_FIRST)
        .bindArray("facets", UUID.class, wanted.facets())
        .bindArray("numbers", Integer.class, wanted.groups())
        .bind("groups", wanted.count())
        .bind("start", start)
        .bind("end", end)
        .bind("most", most)
        .map(
            (row, _) -> {
              blocks
                  .computeIfAbsent(row.getInt("block"), _ -> new LinkedHashMap<>())
                  .computeIfAbsent(row.getInt("number"), _ -> new PositionSet())
                  .addAll(row.getBytes("words"));
              return true;
            })
        .list();
    Map<Integer, List<PositionSet>> sets = new LinkedHashMap<>();
    blocks.forEach((block, groups) -> sets.put(block, List.copyOf(groups.values())));
    return sets;
  }

  /**
   * At most {@code limit} names of repositories that events speak of, beginning with a text, after
   * a name, in byte order.
   */
  public static List<String> repositories(
      Handle handle, String beginning, String after, int limit) {
    return handle
        .createQuery(
            """
            SELECT name FROM event_index_repository
            WHERE name > :after AND name >= :beginning AND name < :end
            ORDER BY name
            LIMIT :limit
            """)
        .bind("after", after)
        .bind("beginning", beginning)
        // Names have no character that is greater.
        .bind("end", beginning + "~")
        .bind("limit", limit)
        .mapTo(String.class)
        .list();
  }
}
