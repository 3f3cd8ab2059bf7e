package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.log.Fact;
import dev.stele.oci.RepositoryName;
import dev.stele.sql.Pipeline;
import dev.stele.sql.Unnested;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** Which repositories exist. */
public final class RepositoryView implements InlineView {
  @Override
  public String name() {
    return "repository";
  }

  @Override
  public List<String> tables() {
    return List.of("repository");
  }

  @Override
  public void apply(Pipeline transaction, List<RecordedEvent> events) {
    RowChanges<RepositoryName, RecordedEvent> changes = new RowChanges<>();
    for (RecordedEvent recorded : events) {
      switch (recorded.event()) {
        case Event.RepositoryCreated(var repository) -> changes.add(repository, recorded);
        case Event.RepositoryRemoved(var repository) -> changes.remove(repository);
        case Event.BlobEvent _,
            Event.ObjectEvent _,
            Event.ManifestEvent _,
            Event.TagEvent _,
            Event.HoldEvent _,
            Event.RetentionEvent _,
            Event.PullEvent _,
            Event.AccountEvent _,
            Event.OperatorEvent _ -> {}
      }
    }
    new Unnested<>(changes.removed())
        .text("names", name -> name)
        .execute(transaction, "DELETE FROM repository WHERE name = ANY (:names)");
    new Unnested<>(changes.added())
        .text("names", created -> ((Event.RepositoryCreated) created.event()).repository())
        .number("positions", RecordedEvent::position)
        .time("times", RecordedEvent::recordedAt)
        .execute(
            transaction,
            """
            INSERT INTO repository (name, created_position, created_at)
            SELECT * FROM unnest(:names::text[], :positions::bigint[], :times::timestamptz[])
            """);
  }

  /** Whether a repository exists. */
  public static final Fact<RepositoryName, Boolean> EXISTS =
      Fact.ofRows(
          new Fact.Key<>(List.of(name -> name), row -> RepositoryName.parse(row.getString(1))),
          "SELECT name FROM repository WHERE name = ANY (?::text[])",
          (event, known) -> {
            switch (event) {
              case Event.RepositoryCreated(var repository) -> known.put(repository, true);
              case Event.RepositoryRemoved(var repository) -> known.put(repository, false);
              case Event.BlobEvent _,
                  Event.ObjectEvent _,
                  Event.ManifestEvent _,
                  Event.TagEvent _,
                  Event.HoldEvent _,
                  Event.RetentionEvent _,
                  Event.PullEvent _,
                  Event.AccountEvent _,
                  Event.OperatorEvent _ -> {}
            }
          });

  /** Whether the repository exists. */
  public static boolean exists(Handle handle, RepositoryName repository) {
    return handle
        .createQuery("SELECT EXISTS (SELECT FROM repository WHERE name = :name)")
        .bind("name", repository)
        .mapTo(Boolean.class)
        .one();
  }

  /** At most {@code limit} names after one, in byte order. */
  public static List<RepositoryName> list(Handle handle, Optional<String> after, int limit) {
    return handle
        .createQuery(
            """
            SELECT name FROM repository WHERE name > :after ORDER BY name LIMIT :limit
            """)
        .bind("after", after.orElse(""))
        .bind("limit", limit)
        .mapTo(RepositoryName.class)
        .list();
  }
}
