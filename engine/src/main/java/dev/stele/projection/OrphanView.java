package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.log.Fact;
import dev.stele.sql.Pipeline;
import dev.stele.sql.Unnested;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/** Objects that the log did not know and that were given up: none can be recorded any more. */
public final class OrphanView implements InlineView {
  @Override
  public String name() {
    return "orphan";
  }

  @Override
  public List<String> tables() {
    return List.of("swept_orphan");
  }

  @Override
  public void apply(Pipeline transaction, List<RecordedEvent> events) {
    List<Event.OrphanSwept> swept = new ArrayList<>();
    for (RecordedEvent recorded : events) {
      if (recorded.event() instanceof Event.OrphanSwept orphan) {
        swept.add(orphan);
      }
    }
    new Unnested<>(swept)
        .text("stores", Event.OrphanSwept::store)
        .text("keys", Event.OrphanSwept::objectKey)
        .execute(
            transaction,
            """
            INSERT INTO swept_orphan (store, object_key)
            SELECT * FROM unnest(:stores::text[], :keys::text[])
            """);
  }

  /** An object of a store. */
  public record StoredUnder(String store, String objectKey) {}

  /** Whether an object was given up. */
  public static final Fact<StoredUnder, Boolean> SWEPT =
      Fact.ofRows(
          new Fact.Key<>(
              List.of(StoredUnder::store, StoredUnder::objectKey),
              row -> new StoredUnder(row.getString(1), row.getString(2))),
          """
          SELECT store, object_key
          FROM unnest(?::text[], ?::text[]) AS asked (store, object_key)
          WHERE EXISTS (
            SELECT FROM swept_orphan s
            WHERE s.store = asked.store AND s.object_key = asked.object_key OFFSET 0)
          """,
          (event, known) -> {
            if (event instanceof Event.OrphanSwept orphan) {
              known.put(new StoredUnder(orphan.store(), orphan.objectKey()), true);
            }
          });

  /** Those of these keys of a store that an event speaks of: recorded, or given up. */
  public static Set<String> knownKeys(Handle handle, String store, Collection<String> keys) {
    Set<String> known = BlobView.recordedKeys(handle, store, keys);
    handle
        .createQuery(
            "SELECT object_key FROM swept_orphan WHERE store = :store AND object_key = ANY (:keys)")
        .bind("store", store)
        .bindArray("keys", String.class, keys)
        .mapTo(String.class)
        .forEach(known::add);
    return known;
  }
}
