package dev.stele.gc;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.sql.Values;
import java.util.Collection;
import org.jdbi.v3.core.Handle;

/** Whether a repository has nothing left, and nothing to be said of what it had. */
final class EmptyRepository {
  private EmptyRepository() {}

  /** Whether it has nothing but these manifests and blobs. */
  static boolean after(
      Handle handle,
      RepositoryName repository,
      Collection<Digest> manifests,
      Collection<Digest> blobs) {
    return handle
        .createQuery(
            """
            SELECT EXISTS (SELECT FROM repository WHERE name = :repository)
               AND NOT EXISTS (
                 SELECT FROM manifest WHERE repository = :repository AND digest <> ALL (:manifests))
               AND NOT EXISTS (
                 SELECT FROM tag_tombstone WHERE repository = :repository)
               AND NOT EXISTS (
                 SELECT FROM blob_link WHERE repository = :repository AND digest <> ALL (:blobs))
            """)
        .bind("repository", repository)
        .bind("manifests", Values.digests(manifests))
        .bind("blobs", Values.digests(blobs))
        .mapTo(Boolean.class)
        .one();
  }
}
