package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * How often tags and digests were pulled, and when last. It outlives them: a tag that is put again
 * after it was deleted has been pulled before.
 */
public final class PullView implements Projection {
  @Override
  public String name() {
    return "pull";
  }

  @Override
  public List<String> tables() {
    return List.of("pull_by_tag", "pull_by_digest");
  }

  @Override
  public void apply(Handle transaction, List<RecordedEvent> events) {
    for (RecordedEvent recorded : events) {
      switch (recorded.event()) {
        case Event.PullsObserved pulls -> {
          pulls
              .tag()
              .ifPresent(tag -> add(transaction, recorded, pulls, "pull_by_tag", "name", tag));
          add(transaction, recorded, pulls, "pull_by_digest", "digest", pulls.digest());
        }
        case Event.RepositoryCreated _,
            Event.RepositoryRemoved _,
            Event.BlobUploaded _,
            Event.BlobMounted _,
            Event.BlobDeleted _,
            Event.BlobRepaired _,
            Event.BlobUnlinked _,
            Event.BlobSwept _,
            Event.OrphanSwept _,
            Event.BlobCorruptionFound _,
            Event.BlobFoundIntact _,
            Event.ManifestPut _,
            Event.ManifestDeleted _,
            Event.ManifestCollected _,
            Event.TagMoved _,
            Event.TagDeleted _,
            Event.RetentionPolicyAdopted _,
            Event.RetentionEvaluated _,
            Event.TagRestored _,
            Event.HoldPlaced _,
            Event.HoldReleased _ -> {}
      }
    }
  }

  /** Nodes observe for themselves, so an event may speak of earlier pulls than one before it. */
  private static void add(
      Handle transaction,
      RecordedEvent recorded,
      Event.PullsObserved pulls,
      String table,
      String column,
      Object key) {
    transaction
        .createUpdate(
            """
            INSERT INTO %1$s AS old (repository, %2$s, pulls, last_position, last_at)
            VALUES (:repository, :key, :pulls, :position, :at)
            ON CONFLICT (repository, %2$s) DO UPDATE
              SET pulls = old.pulls + excluded.pulls,
                  last_position = CASE WHEN excluded.last_at >= old.last_at
                                  THEN excluded.last_position ELSE old.last_position END,
                  last_at = greatest(old.last_at, excluded.last_at)
            """
                .formatted(table, column))
        .bind("repository", pulls.repository().value())
        .bind("key", key.toString())
        .bind("pulls", pulls.count())
        .bind("position", recorded.position())
        .bind("at", pulls.last())
        .execute();
  }

  /** How often a digest was pulled from a repository, by whatever tag or none. */
  public static long pulls(Handle handle, RepositoryName repository, Digest digest) {
    return pulls(handle, "pull_by_digest", "digest", repository, digest);
  }

  /** How often a tag was pulled from a repository, whatever it pointed to. */
  public static long pulls(Handle handle, RepositoryName repository, Tag tag) {
    return pulls(handle, "pull_by_tag", "name", repository, tag);
  }

  private static long pulls(
      Handle handle, String table, String column, RepositoryName repository, Object key) {
    return handle
        .createQuery(
            "SELECT pulls FROM %s WHERE repository = :repository AND %s = :key"
                .formatted(table, column))
        .bind("repository", repository.value())
        .bind("key", key.toString())
        .mapTo(Long.class)
        .findOne()
        .orElse(0L);
  }
}
