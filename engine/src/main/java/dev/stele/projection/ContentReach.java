package dev.stele.projection;

import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import org.jdbi.v3.core.Handle;

/**
 * How one event makes content that fewer repositories or stores have. Links are counted whatever
 * the store, so bytes that lie in two stores go when no repository of either has them.
 */
final class ContentReach {
  private final Handle transaction;
  private final RecordedEvent event;

  ContentReach(Handle transaction, RecordedEvent event) {
    this.transaction = transaction;
    this.event = event;
  }

  /** One repository fewer has it. */
  void unlinked(Digest digest) {
    transaction
        .createUpdate(
            """
            WITH fewer AS (
              UPDATE reach_content SET links = links - 1 WHERE digest = :digest RETURNING links)
            INSERT INTO unlinked (digest, since, since_at)
            SELECT :digest, :position, :at FROM fewer WHERE links = 0
            """)
        .bind("digest", digest)
        .bind("position", event.position())
        .bind("at", event.recordedAt())
        .execute();
  }

  /** A store has its bytes no more. */
  void swept(Digest digest, String store) {
    transaction
        .createUpdate("DELETE FROM reach_object WHERE digest = :digest AND store = :store")
        .bind("digest", digest)
        .bind("store", store)
        .execute();
    transaction
        .createUpdate(
            """
            WITH gone AS (
              DELETE FROM reach_content c
              WHERE c.digest = :digest AND c.links = 0
                AND NOT EXISTS (SELECT FROM reach_object o WHERE o.digest = c.digest)
              RETURNING digest)
            DELETE FROM unlinked u USING gone WHERE u.digest = gone.digest
            """)
        .bind("digest", digest)
        .execute();
  }
}
