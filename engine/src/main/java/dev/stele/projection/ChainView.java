package dev.stele.projection;

import dev.stele.event.RecordedEvent;
import dev.stele.oci.RepositoryName;
import dev.stele.sql.Pipeline;
import dev.stele.sql.Unnested;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The last event of each repository, and under an empty name of those that belong to none: what the
 * next one of them is chained to.
 */
final class ChainView implements InlineView {
  private record Link(String repository, long position) {}

  @Override
  public String name() {
    return "chain";
  }

  @Override
  public List<String> tables() {
    return List.of("chain");
  }

  @Override
  public void apply(Pipeline transaction, List<RecordedEvent> events) {
    List<Link> before = new ArrayList<>();
    Map<String, Link> last = new LinkedHashMap<>();
    for (RecordedEvent recorded : events) {
      String repository = recorded.event().place().map(RepositoryName::value).orElse("");
      if (last.put(repository, new Link(repository, recorded.position())) == null) {
        recorded.previous().ifPresent(position -> before.add(new Link(repository, position)));
      }
    }
    links(before)
        .execute(
            transaction,
            """
            DELETE FROM chain
            WHERE (repository, position) IN (SELECT * FROM unnest(:repositories::text[], :positions::bigint[]))
            """);
    links(last.values().stream().toList())
        .execute(
            transaction,
            """
            INSERT INTO chain (repository, position)
            SELECT * FROM unnest(:repositories::text[], :positions::bigint[])
            """);
  }

  private static Unnested<Link> links(List<Link> links) {
    return new Unnested<>(links)
        .text("repositories", Link::repository)
        .number("positions", Link::position);
  }
}
