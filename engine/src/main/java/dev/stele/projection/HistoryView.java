package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.Manifest;
import dev.stele.oci.RepositoryName;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Which repositories, manifests and blob links there were, and from which event until which: what
 * {@link TagView} says of tags. It also knows when a store last gave up the bytes of a digest.
 */
public final class HistoryView implements Projection {
  private final ManifestDocuments documents;

  HistoryView(ManifestDocuments documents) {
    this.documents = documents;
  }

  @Override
  public String name() {
    return "history";
  }

  @Override
  public List<String> tables() {
    return List.of("repository_history", "manifest_history", "blob_link_history", "blob_sweep");
  }

  @Override
  public void apply(Handle transaction, List<RecordedEvent> events) {
    for (RecordedEvent recorded : events) {
      switch (recorded.event()) {
        case Event.RepositoryCreated created ->
            beginRepository(transaction, recorded, created.repository());
        case Event.RepositoryRemoved removed ->
            endRepository(transaction, recorded, removed.repository());
        case Event.BlobUploaded uploaded -> {
          if (uploaded.linked()) {
            beginLink(transaction, recorded, uploaded.repository(), uploaded.digest());
          }
        }
        case Event.BlobMounted mounted -> {
          if (mounted.linked()) {
            beginLink(transaction, recorded, mounted.repository(), mounted.digest());
          }
        }
        case Event.BlobDeleted(var repository, var digest) ->
            end(transaction, recorded, "blob_link_history", repository, digest, "deleted");
        case Event.BlobUnlinked(var repository, var digest, _) ->
            end(transaction, recorded, "blob_link_history", repository, digest, "collected");
        case Event.BlobSwept swept -> sweep(transaction, recorded, swept);
        case Event.ManifestPut put -> {
          if (put.added()) {
            beginManifest(transaction, recorded, put);
          }
        }
        case Event.ManifestDeleted(var repository, var digest) ->
            end(transaction, recorded, "manifest_history", repository, digest, "deleted");
        case Event.ManifestCollected(var repository, var digest, _) ->
            end(transaction, recorded, "manifest_history", repository, digest, "collected");
        case Event.TagEvent _,
            Event.HoldEvent _,
            Event.RetentionEvent _,
            Event.BlobRepaired _,
            Event.OrphanSwept _,
            Event.BlobCorruptionFound _,
            Event.BlobFoundIntact _,
            Event.PullEvent _,
            Event.OperatorEvent _ -> {}
      }
    }
  }

  private static void beginRepository(
      Handle transaction, RecordedEvent recorded, RepositoryName repository) {
    transaction
        .createUpdate(
            """
            INSERT INTO repository_history (repository, from_position, from_at)
            VALUES (:repository, :position, :at)
            """)
        .bind("repository", repository.value())
        .bind("position", recorded.position())
        .bind("at", recorded.recordedAt())
        .execute();
  }

  private static void endRepository(
      Handle transaction, RecordedEvent recorded, RepositoryName repository) {
    transaction
        .createUpdate(
            """
            UPDATE repository_history SET until_position = :position, until_at = :at, ended_by = 'removed'
            WHERE repository = :repository AND until_position IS NULL
            """)
        .bind("repository", repository.value())
        .bind("position", recorded.position())
        .bind("at", recorded.recordedAt())
        .execute();
  }

  private static void beginLink(
      Handle transaction, RecordedEvent recorded, RepositoryName repository, Digest digest) {
    transaction
        .createUpdate(
            """
            INSERT INTO blob_link_history (repository, digest, from_position, from_at)
            VALUES (:repository, :digest, :position, :at)
            """)
        .bind("repository", repository.value())
        .bind("digest", digest.toString())
        .bind("position", recorded.position())
        .bind("at", recorded.recordedAt())
        .execute();
  }

  private void beginManifest(Handle transaction, RecordedEvent recorded, Event.ManifestPut put) {
    Manifest manifest = documents.recorded(transaction, put.digest());
    transaction
        .createUpdate(
            """
            INSERT INTO manifest_history (repository, digest, media_type, artifact_type, size, subject, from_position, from_at)
            VALUES (:repository, :digest, :mediaType, :artifactType, :size, :subject, :position, :at)
            """)
        .bind("repository", put.repository().value())
        .bind("digest", put.digest().toString())
        .bind("mediaType", put.mediaType())
        .bind("artifactType", manifest.artifactType())
        .bind("size", put.size())
        .bind("subject", put.subject().map(Digest::toString))
        .bind("position", recorded.position())
        .bind("at", recorded.recordedAt())
        .execute();
  }

  private static void end(
      Handle transaction,
      RecordedEvent recorded,
      String table,
      RepositoryName repository,
      Digest digest,
      String how) {
    transaction
        .createUpdate(
            """
            UPDATE %s SET until_position = :position, until_at = :at, ended_by = :how
            WHERE repository = :repository AND digest = :digest AND until_position IS NULL
            """
                .formatted(table))
        .bind("repository", repository.value())
        .bind("digest", digest.toString())
        .bind("position", recorded.position())
        .bind("at", recorded.recordedAt())
        .bind("how", how)
        .execute();
  }

  private static void sweep(Handle transaction, RecordedEvent recorded, Event.BlobSwept swept) {
    transaction
        .createUpdate(
            """
            INSERT INTO blob_sweep (digest, store, position, at) VALUES (:digest, :store, :position, :at)
            ON CONFLICT (digest, store) DO UPDATE SET position = excluded.position, at = excluded.at
            """)
        .bind("digest", swept.digest().toString())
        .bind("store", swept.store())
        .bind("position", recorded.position())
        .bind("at", recorded.recordedAt())
        .execute();
  }

  /**
   * At most {@code limit} repositories that came to be below a position, whether they are still
   * there or not, and come after one in byte order.
   */
  public static List<RepositoryName> repositories(
      Handle handle, long position, Optional<RepositoryName> after, int limit) {
    return handle
        .createQuery(
            """
            SELECT DISTINCT repository
            FROM repository_history
            WHERE repository > :after AND from_position < :position
            ORDER BY repository
            LIMIT :limit
            """)
        .bind("after", after.map(RepositoryName::value).orElse(""))
        .bind("position", position)
        .bind("limit", limit)
        .map((row, _) -> RepositoryName.parse(row.getString("repository")))
        .list();
  }
}
