package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.RepositoryName;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** Which repositories exist. */
public final class RepositoryView implements Projection {
  @Override
  public String name() {
    return "repository";
  }

  @Override
  public List<String> tables() {
    return List.of("repository");
  }

  @Override
  public void apply(Handle transaction, List<RecordedEvent> events) {
    for (RecordedEvent recorded : events) {
      switch (recorded.event()) {
        case Event.RepositoryCreated created ->
            transaction
                .createUpdate(
                    """
                    INSERT INTO repository (name, created_position, created_at)
                    VALUES (:name, :position, :at)
                    """)
                .bind("name", created.repository().value())
                .bind("position", recorded.position())
                .bind("at", recorded.recordedAt())
                .execute();
        case Event.RepositoryRemoved removed ->
            transaction
                .createUpdate("DELETE FROM repository WHERE name = :name")
                .bind("name", removed.repository().value())
                .execute();
        case Event.BlobEvent _,
            Event.ObjectEvent _,
            Event.ManifestEvent _,
            Event.TagEvent _,
            Event.HoldEvent _,
            Event.RetentionEvent _,
            Event.PullEvent _,
            Event.OperatorEvent _ -> {}
      }
    }
  }

  /** Whether the repository exists. */
  public static boolean exists(Handle handle, RepositoryName repository) {
    return handle
        .createQuery("SELECT EXISTS (SELECT FROM repository WHERE name = :name)")
        .bind("name", repository.value())
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
        .map((row, _) -> RepositoryName.parse(row.getString("name")))
        .list();
  }
}
