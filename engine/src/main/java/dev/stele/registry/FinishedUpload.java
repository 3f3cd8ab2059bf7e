package dev.stele.registry;

import static java.util.Comparator.naturalOrder;

import dev.stele.blob.UploadId;
import dev.stele.log.LaneWrite;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.sql.Unnested;
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

  /** That a session became a blob, at a time. */
  record Finished(FinishedUpload upload, RepositoryName repository, Digest digest, Instant at) {
    private Instant forgotten() {
      return at.minus(upload.remembered());
    }
  }

  /** Remembers sessions in the transaction that makes the blobs part of the repositories. */
  static final LaneWrite<Finished> MEMORY =
      (lane, finished) ->
          new Unnested<>(finished)
              .id("ids", each -> each.upload().id().value())
              .text("repositories", Finished::repository)
              .digests("digests", Finished::digest)
              .time("times", Finished::at)
              .value("over", finished.stream().map(Finished::forgotten).min(naturalOrder()).get())
              .value("most", FORGOTTEN_AT_ONCE * finished.size())
              .execute(
                  lane,
                  """
                  WITH over AS MATERIALIZED (
                    SELECT id FROM finished_upload WHERE finished_at < :over
                    ORDER BY finished_at LIMIT :most FOR UPDATE SKIP LOCKED),
                  forgotten AS (
                    DELETE FROM finished_upload WHERE id = ANY (ARRAY(SELECT id FROM over)))
                  INSERT INTO finished_upload (id, repository, digest, finished_at)
                  SELECT * FROM unnest(:ids::uuid[], :repositories::text[], :digests::bytea[], :times::timestamptz[])
                  """);

  /** What a session of a repository was finished with, while that is known. */
  static Optional<Digest> digest(Handle handle, RepositoryName repository, UploadId id) {
    return handle
        .createQuery(
            "SELECT digest FROM finished_upload WHERE id = :id AND repository = :repository")
        .bind("id", id.value())
        .bind("repository", repository)
        .mapTo(Digest.class)
        .findOne();
  }
}
