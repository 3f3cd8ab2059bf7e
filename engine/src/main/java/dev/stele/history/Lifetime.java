package dev.stele.history;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * A stretch of time during which something was there.
 *
 * @param from the event by which it came
 * @param until the event by which it went; absent while it is there
 */
public record Lifetime(Since from, Optional<Since> until) {
  /** The last stretches of a repository, newest first. */
  static List<Lifetime> ofRepository(Handle handle, RepositoryName repository, int limit) {
    return handle
        .createQuery(
            """
            SELECT from_position, from_at, until_position, until_at
            FROM repository_history
            WHERE repository = :repository
            ORDER BY from_position DESC
            LIMIT :limit
            """)
        .bind("repository", repository)
        .bind("limit", limit)
        .map((row, _) -> of(row))
        .list();
  }

  /** The last stretches of a manifest in a repository, newest first. */
  static List<Lifetime> ofManifest(
      Handle handle, RepositoryName repository, Digest digest, int limit) {
    return handle
        .createQuery(
            """
            SELECT from_position, from_at, until_position, until_at
            FROM manifest_history
            WHERE repository = :repository AND digest = :digest
            ORDER BY from_position DESC
            LIMIT :limit
            """)
        .bind("repository", repository)
        .bind("digest", digest)
        .bind("limit", limit)
        .map((row, _) -> of(row))
        .list();
  }

  private static Lifetime of(ResultSet row) throws SQLException {
    return new Lifetime(Since.of(row, "from"), Since.ifAny(row, "until"));
  }
}
