package dev.stele.registry;

import dev.stele.blob.UploadId;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * An upload session that has become a blob. It is remembered for a while, on every node, so that a
 * client that repeats the last request since its answer was lost gets that answer again.
 *
 * @param remembered for how long at least
 */
record FinishedUpload(UploadId id, Duration remembered) {
  /** Each that is remembered forgets so many whose time is over, so there are never many. */
  private static final int FORGOTTEN_AT_ONCE = 4;

  /** Remembers it in the transaction that makes the blob part of the repository. */
  void remember(Handle lane, RepositoryName repository, Digest digest, Instant now) {
    lane.createUpdate(
            """
            WITH over AS MATERIALIZED (
              SELECT id FROM finished_upload WHERE finished_at < :over
              ORDER BY finished_at LIMIT :most FOR UPDATE SKIP LOCKED),
            forgotten AS (
              DELETE FROM finished_upload WHERE id = ANY (ARRAY(SELECT id FROM over)))
            INSERT INTO finished_upload (id, repository, digest, finished_at)
            VALUES (:id, :repository, :digest, :now)
            """)
        .bind("over", now.minus(remembered))
        .bind("most", FORGOTTEN_AT_ONCE)
        .bind("id", id.value())
        .bind("repository", repository.value())
        .bind("digest", digest.toString())
        .bind("now", now)
        .execute();
  }

  /** What a session of a repository was finished with, while that is known. */
  static Optional<Digest> digest(Handle handle, RepositoryName repository, UploadId id) {
    return handle
        .createQuery(
            "SELECT digest FROM finished_upload WHERE id = :id AND repository = :repository")
        .bind("id", id.value())
        .bind("repository", repository.value())
        .map((row, _) -> Digest.parse(row.getString("digest")))
        .findOne();
  }
}
