package dev.stele.projection;

import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.sql.Values;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.SqlStatement;

/**
 * Traces what roots reach within a repository, from manifests that became roots or are none any
 * more, along the edges that {@link Liveness} states. Blobs lead nowhere, so their users are
 * counted instead.
 *
 * <p>The recursive queries look neighbours up by key in a lateral subquery with {@code OFFSET 0}:
 * so the planner cannot turn the step into a join over the whole repository.
 */
final class ReachTrace {
  private record BlobUsers(Digest digest, long users, boolean linked, boolean held) {
    private static BlobUsers of(ResultSet row) throws SQLException {
      return new BlobUsers(
          Values.digest(row, "digest"),
          row.getLong("users"),
          row.getBoolean("linked"),
          row.getBoolean("held"));
    }

    private boolean unreachable() {
      return users == 0 && linked && !held;
    }
  }

  private final Handle transaction;
  private final RecordedEvent event;
  private final RepositoryName repository;

  ReachTrace(Handle transaction, RecordedEvent event, RepositoryName repository) {
    this.transaction = transaction;
    this.event = event;
    this.repository = repository;
  }

  /** Marks these manifests as reached, and what they reach. */
  void reach(List<Digest> start) {
    reach(transaction, repository, start);
  }

  /** Marks manifests of a repository as reached, and what they reach. */
  static void reach(Handle transaction, RepositoryName repository, List<Digest> start) {
    if (start.isEmpty()) {
      return;
    }
    // All parts see the tables as they were before.
    transaction
        .createUpdate(
            """
            WITH RECURSIVE found AS (
              SELECT digest FROM reach_manifest
              WHERE repository = :repository AND digest = ANY (:start) AND NOT reached
              UNION
              SELECT next.child
              FROM found
              CROSS JOIN LATERAL (
                SELECT e.child
                FROM reach_edge e
                CROSS JOIN LATERAL (
                  SELECT FROM reach_manifest
                  WHERE repository = :repository AND digest = e.child AND NOT reached OFFSET 0) AS m
                WHERE e.repository = :repository AND e.parent = found.digest OFFSET 0) AS next),
            marked AS (
              UPDATE reach_manifest SET reached = true
              WHERE repository = :repository AND digest = ANY (ARRAY(SELECT digest FROM found))),
            used AS (
              INSERT INTO reach_blob (repository, digest, users, linked)
              SELECT :repository, child, count(*), false
              FROM reach_edge
              WHERE repository = :repository AND parent = ANY (ARRAY(SELECT digest FROM found)) AND kind = 'lists'
              GROUP BY child
              ON CONFLICT (repository, digest) DO UPDATE SET users = reach_blob.users + excluded.users
              RETURNING digest),
            manifests AS (
              DELETE FROM unreachable
              WHERE repository = :repository AND digest = ANY (ARRAY(SELECT digest FROM found)) AND kind = 'manifest')
            DELETE FROM unreachable
            WHERE repository = :repository AND digest = ANY (ARRAY(SELECT digest FROM used)) AND kind = 'blob'
            """)
        .bind("repository", repository)
        .bind("start", Values.digests(start))
        .execute();
  }

  /**
   * Takes from these manifests what reached them, and marks as unreached all that had no other way
   * to a root: the closure of what is reached from them, without what is supported from outside of
   * it. Roots end the closure.
   */
  void withdraw(List<Digest> start) {
    if (start.isEmpty()) {
      return;
    }
    List<Digest> lost =
        bound(
                transaction.createQuery(
                    """
                    WITH RECURSIVE closure AS (
                      SELECT digest FROM reach_manifest
                      WHERE repository = :repository AND digest = ANY (:start)
                        AND reached AND NOT %1$s
                      UNION
                      SELECT next.child
                      FROM closure
                      CROSS JOIN LATERAL (
                        SELECT e.child
                        FROM reach_edge e
                        CROSS JOIN LATERAL (
                          SELECT FROM reach_manifest
                          WHERE repository = :repository AND digest = e.child
                            AND reached AND NOT %1$s OFFSET 0) AS m
                        WHERE e.repository = :repository AND e.parent = closure.digest OFFSET 0) AS next),
                    supported AS (
                      SELECT digest FROM closure
                      WHERE EXISTS (
                        SELECT FROM %2$s
                        WHERE e.repository = :repository AND e.child = closure.digest
                          AND e.parent NOT IN (SELECT digest FROM closure))
                      UNION
                      SELECT next.child
                      FROM supported
                      CROSS JOIN LATERAL (
                        SELECT e.child
                        FROM reach_edge e
                        WHERE e.repository = :repository AND e.parent = supported.digest
                          AND e.child IN (SELECT digest FROM closure) OFFSET 0) AS next)
                    SELECT digest FROM closure EXCEPT SELECT digest FROM supported
                    """
                        .formatted(Liveness.root("reach_manifest"), Liveness.reachedEdges())))
            .bind("start", Values.digests(start))
            .mapTo(Digest.class)
            .list();
    if (lost.isEmpty()) {
      return;
    }
    bound(
            transaction.createUpdate(
                """
                UPDATE reach_manifest SET reached = false
                WHERE repository = :repository AND digest = ANY (:digests)
                """))
        .bind("digests", Values.digests(lost))
        .execute();
    addUnreachable("manifest", lost);
    withdrawFromBlobs(lost);
  }

  /** These manifests were reached and count no more for what they list. */
  void withdrawFromBlobs(List<Digest> manifests) {
    addUnreachable("blob", unreachable(removeUsers(manifests)));
  }

  /**
   * What became of some blobs may leave them unreachable.
   *
   * @param changing what returns their rows
   */
  void withdrawBlobs(Query changing) {
    addUnreachable("blob", unreachable(changing.map((row, _) -> BlobUsers.of(row)).list()));
  }

  private static List<Digest> unreachable(List<BlobUsers> blobs) {
    return blobs.stream().filter(BlobUsers::unreachable).map(BlobUsers::digest).toList();
  }

  /** Counts what these manifests list down; returns how that stands then, as blobs. */
  private List<BlobUsers> removeUsers(List<Digest> manifests) {
    List<BlobUsers> blobs =
        bound(
                transaction.createQuery(
                    """
                    INSERT INTO reach_blob (repository, digest, users, linked)
                    SELECT :repository, child, -count(*), false
                    FROM reach_edge
                    WHERE repository = :repository AND parent = ANY (:manifests) AND kind = 'lists'
                    GROUP BY child
                    ON CONFLICT (repository, digest) DO UPDATE SET users = reach_blob.users + excluded.users
                    RETURNING digest, users, linked, held
                    """))
            .bind("manifests", Values.digests(manifests))
            .map((row, _) -> BlobUsers.of(row))
            .list();
    List<Digest> forgotten =
        blobs.stream()
            .filter(blob -> blob.users() == 0 && !blob.linked())
            .map(BlobUsers::digest)
            .toList();
    if (!forgotten.isEmpty()) {
      bound(
              transaction.createUpdate(
                  "DELETE FROM reach_blob WHERE repository = :repository AND digest = ANY"
                      + " (:digests)"))
          .bind("digests", Values.digests(forgotten))
          .execute();
    }
    return blobs;
  }

  private void addUnreachable(String kind, Collection<Digest> digests) {
    if (digests.isEmpty()) {
      return;
    }
    bound(
            transaction.createUpdate(
                """
                INSERT INTO unreachable (repository, digest, kind, since, since_at)
                SELECT :repository, digest, :kind, :position, :at FROM unnest(:digests::bytea[]) AS d (digest)
                """))
        .bind("kind", kind)
        .bind("digests", Values.digests(digests))
        .bind("position", event.position())
        .bind("at", event.recordedAt())
        .execute();
  }

  private <S extends SqlStatement<S>> S bound(S statement) {
    return statement.bind("repository", repository);
  }
}
