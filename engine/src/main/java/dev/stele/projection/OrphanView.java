package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import java.util.List;
import org.jdbi.v3.core.Handle;

/** Objects that the log did not know and that were given up: none can be recorded any more. */
public final class OrphanView implements Projection {
  @Override
  public String name() {
    return "orphan";
  }

  @Override
  public List<String> tables() {
    return List.of("swept_orphan");
  }

  @Override
  public void apply(Handle transaction, List<RecordedEvent> events) {
    for (RecordedEvent recorded : events) {
      switch (recorded.event()) {
        case Event.OrphanSwept orphan ->
            transaction
                .createUpdate("INSERT INTO swept_orphan (store, object_key) VALUES (:store, :key)")
                .bind("store", orphan.store())
                .bind("key", orphan.objectKey())
                .execute();
        case Event.RepositoryEvent _,
            Event.BlobEvent _,
            Event.ManifestEvent _,
            Event.TagEvent _,
            Event.HoldEvent _,
            Event.RetentionEvent _,
            Event.BlobSwept _,
            Event.BlobRepaired _,
            Event.BlobCorruptionFound _,
            Event.BlobFoundIntact _,
            Event.PullEvent _,
            Event.OperatorEvent _ -> {}
      }
    }
  }

  /** Whether an object was given up. */
  public static boolean swept(Handle handle, String store, String objectKey) {
    return handle
        .createQuery(
            """
            SELECT EXISTS (SELECT FROM swept_orphan WHERE store = :store AND object_key = :key)
            """)
        .bind("store", store)
        .bind("key", objectKey)
        .mapTo(Boolean.class)
        .one();
  }
}
