package dev.stele.registry;

import dev.stele.gc.Leases;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.BlobView;
import dev.stele.projection.ManifestView;
import java.time.Duration;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * What a repository has under a digest, and whether telling so must be written down, all of one
 * moment: one statement, since most requests ask this.
 *
 * @param blob where its bytes lie; absent for a manifest, also if its bytes were uploaded as well
 * @param due whether a client that is told of it must have its {@linkplain Leases lease} renewed
 * @param repositoryExists whether there is such a repository at all
 */
record Content(
    Optional<BlobView.Located> blob,
    Optional<ManifestView.Present> manifest,
    boolean due,
    boolean repositoryExists) {

  boolean present() {
    return blob.isPresent() || manifest.isPresent();
  }

  /**
   * @param store of the repository
   * @param renewal how old a promise may be to serve for this one as well
   */
  static Content find(
      Handle handle, RepositoryName repository, Digest digest, String store, Duration renewal) {
    return handle
        .createQuery(
            """
            SELECT m.media_type, m.size, %s,
                   EXISTS (SELECT FROM repository WHERE name = :repository), %s
            FROM (SELECT) AS asked
            LEFT JOIN manifest m ON m.repository = :repository AND m.digest = :digest
            LEFT JOIN LATERAL (
              SELECT o.* FROM blob_link l
              JOIN blob_object o ON o.digest = l.digest AND o.store = :store
              WHERE l.repository = :repository AND l.digest = :digest) AS o ON m.digest IS NULL
            """
                .formatted(Leases.DUE, BlobView.Located.COLUMNS))
        .bind("repository", repository)
        .bind("digest", digest)
        .bind("store", store)
        .bind("renewal", renewal.toNanos() / 1e9)
        .map(
            (row, _) ->
                new Content(
                    row.getString(5) == null
                        ? Optional.empty()
                        : Optional.of(BlobView.Located.of(row, 5)),
                    row.getString(1) == null
                        ? Optional.empty()
                        : Optional.of(
                            new ManifestView.Present(digest, row.getString(1), row.getLong(2))),
                    row.getBoolean(3),
                    row.getBoolean(4)))
        .one();
  }
}
