package dev.stele.gc;

import dev.stele.event.Event;
import dev.stele.oci.Digest;
import dev.stele.sql.Values;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/** Where a store has the bytes of a digest, as the log says. {@code size} is in bytes. */
record RecordedObject(String store, Digest digest, String key, long size) {
  /** The objects of these digests in all stores. */
  static Map<Digest, List<RecordedObject>> of(Handle handle, Collection<Digest> digests) {
    Map<Digest, List<RecordedObject>> objects = new HashMap<>();
    handle
        .createQuery(
            """
            SELECT store, digest, object_key, size FROM blob_object
            WHERE digest = ANY (:digests)
            ORDER BY digest, store
            """)
        .bind("digests", Values.digests(digests))
        .map(
            (row, _) ->
                new RecordedObject(
                    row.getString("store"),
                    Values.digest(row, "digest"),
                    row.getString("object_key"),
                    row.getLong("size")))
        .forEach(
            object -> objects.computeIfAbsent(object.digest(), _ -> new ArrayList<>()).add(object));
    return objects;
  }

  Event.BlobSwept swept(long unlinkedSince) {
    return new Event.BlobSwept(store, digest, key, size, unlinkedSince);
  }
}
