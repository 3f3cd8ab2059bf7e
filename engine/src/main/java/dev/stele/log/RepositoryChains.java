package dev.stele.log;

import dev.stele.oci.RepositoryName;
import dev.stele.sql.Pipeline;
import dev.stele.sql.Values;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Which event is the last of each repository, in one transaction of the lane; and of those events
 * that belong to none.
 */
final class RepositoryChains {
  /** From the end, so that what is gone but not cleared away is not walked over. */
  private static final String SQL =
      """
      SELECT asked.name, last.position
      FROM unnest(?::text[]) AS asked (name)
      CROSS JOIN LATERAL (
        SELECT position FROM chain c
        WHERE c.repository = asked.name
        ORDER BY c.repository DESC, c.position DESC
        LIMIT 1) AS last
      """;

  private final Map<String, OptionalLong> last = new HashMap<>();
  private final Set<String> wanted = new LinkedHashSet<>();

  /** How the table names where an event happened. */
  private static String key(Optional<RepositoryName> place) {
    return place.map(RepositoryName::value).orElse("");
  }

  void want(Optional<RepositoryName> place) {
    String key = key(place);
    if (!last.containsKey(key)) {
      wanted.add(key);
    }
  }

  /** Has what is wanted looked up; known when the pipeline's statements are done. */
  void lookUp(Pipeline pipeline) {
    if (wanted.isEmpty()) {
      return;
    }
    List<String> asked = List.copyOf(wanted);
    wanted.clear();
    pipeline.query(
        SQL,
        List.<Object[]>of(Values.array(asked)),
        rows -> {
          asked.forEach(name -> last.put(name, OptionalLong.empty()));
          while (rows.next()) {
            last.put(rows.getString(1), OptionalLong.of(rows.getLong(2)));
          }
        });
  }

  boolean knows(Optional<RepositoryName> place) {
    return last.containsKey(key(place));
  }

  /** Takes in an event; returns the position of the one before it there, which must be known. */
  OptionalLong append(Optional<RepositoryName> place, long position) {
    return last.put(key(place), OptionalLong.of(position));
  }
}
