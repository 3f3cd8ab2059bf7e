package dev.stele.projection;

import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.sql.Values;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.SqlStatement;

/**
 * How one event changes what is reached within a repository.
 *
 * <p>INVARIANT: after each operation {@code reached} is true for exactly the manifests that a root
 * reaches, {@code users} counts exactly those of them that list a digest, and {@code unreachable}
 * has exactly the manifests that are not reached and the linked blobs that no such manifest lists
 * and that are not held. What a digest is, and when it comes or goes as a manifest or as a blob,
 * does not matter to those who list it.
 *
 * <p>The recursive queries look neighbours up by key in a lateral subquery with {@code OFFSET 0}:
 * so the planner cannot turn the step into a join over the whole repository.
 */
final class RepositoryReach {
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

  RepositoryReach(Handle transaction, RecordedEvent event, RepositoryName repository) {
    this.transaction = transaction;
    this.event = event;
    this.repository = repository;
  }

  // ---- blobs

  /** The repository lost a blob. */
  void unlink(Digest digest) {
    bound(
            transaction.createUpdate(
                """
                WITH gone AS (
                  DELETE FROM unreachable WHERE repository = :repository AND digest = :digest AND kind = 'blob'),
                unused AS (
                  DELETE FROM reach_blob WHERE repository = :repository AND digest = :digest AND users = 0)
                UPDATE reach_blob SET linked = false, held = false
                WHERE repository = :repository AND digest = :digest AND users > 0
                """))
        .bind("digest", digest)
        .execute();
    noteIfEmpty();
  }

  // ---- manifests

  /** The repository lost a manifest, with its tags if it has any. */
  void remove(Digest digest) {
    List<Digest> gone = List.of(digest);
    boolean reached =
        bound(
                transaction.createQuery(
                    """
                    SELECT reached FROM reach_manifest WHERE repository = :repository AND digest = :digest
                    """))
            .bind("digest", digest)
            .mapTo(Boolean.class)
            .one();
    List<Digest> children = reached ? children(digest) : List.of();
    if (reached) {
      withdrawFromBlobs(gone);
    }
    bound(
            transaction.createUpdate(
                """
                WITH lists AS (
                  DELETE FROM reach_edge WHERE repository = :repository AND parent = :digest AND kind = 'lists'),
                subject AS (
                  DELETE FROM reach_edge WHERE repository = :repository AND child = :digest AND kind = 'subject'),
                result AS (
                  DELETE FROM unreachable WHERE repository = :repository AND digest = :digest AND kind = 'manifest')
                DELETE FROM reach_manifest WHERE repository = :repository AND digest = :digest
                """))
        .bind("digest", digest)
        .execute();
    if (!children.isEmpty()) {
      withdraw(children);
    }
    noteIfEmpty();
  }

  /** What a manifest keeps alive. */
  private List<Digest> children(Digest digest) {
    return bound(
            transaction.createQuery(
                """
                SELECT DISTINCT child FROM reach_edge WHERE repository = :repository AND parent = :digest
                """))
        .bind("digest", digest)
        .mapTo(Digest.class)
        .list();
  }

  /** A tag points to a manifest that it did not point to before, or no more to another, or both. */
  void moveTag(Optional<Digest> to, Optional<Digest> from) {
    List<Changed> manifests =
        bound(
                transaction.createQuery(
                    """
                    UPDATE reach_manifest SET tags = tags + CASE digest WHEN :to::bytea THEN 1 ELSE -1 END
                    WHERE repository = :repository AND digest IN (:to::bytea, :from::bytea)
                    RETURNING digest, %s AS root, reached
                    """
                        .formatted(Liveness.root("reach_manifest"))))
            .bind("to", to)
            .bind("from", from)
            .map((row, _) -> Changed.of(row))
            .list();
    if (manifests.size() != to.stream().count() + from.stream().count()) {
      throw new IllegalStateException(
          "event %d moves a tag of %s from or to a manifest that is not there"
              .formatted(event.position(), repository));
    }
    settle(manifests);
  }

  // ---- what concerns all of a repository, and is done row by row

  /** The rows that such an event changes. */
  enum Rows {
    MANIFESTS("reach_manifest"),
    BLOBS("reach_blob");

    private final String table;

    Rows(String table) {
      this.table = table;
    }
  }

  /** At most {@code limit} digests of rows after one, in order. */
  List<Digest> next(Rows rows, Optional<Digest> after, int limit) {
    return bound(
            transaction.createQuery(
                """
                SELECT digest FROM %s WHERE repository = :repository AND digest > :after
                ORDER BY digest
                LIMIT :limit
                """
                    .formatted(rows.table)))
        .bind("after", Values.bytesOrNone(after))
        .bind("limit", limit)
        .mapTo(Digest.class)
        .list();
  }

  /**
   * From here on the policy keeps those without a tag, or does not; false if that is as before. The
   * manifests that are there are changed by {@link #keep(Keeping, List)}.
   */
  boolean keep(Keeping keeping) {
    return bound(
                transaction.createUpdate(
                    """
                    UPDATE reach_repository SET keep_untagged = :untagged, keep_referrers = :referrers
                    WHERE name = :repository AND (keep_untagged, keep_referrers) <> (:untagged, :referrers)
                    """))
            .bind("untagged", keeping.untagged())
            .bind("referrers", keeping.referrers())
            .execute()
        > 0;
  }

  /** The policy keeps these of the manifests if they have no tag, or does not. */
  void keep(Keeping keeping, List<Digest> manifests) {
    settle(
        bound(
                transaction.createQuery(
                    """
                    UPDATE reach_manifest
                    SET keeps_itself = %1$s
                    WHERE repository = :repository AND digest = ANY (:digests) AND keeps_itself <> %1$s
                    RETURNING digest, %2$s AS root, reached
                    """
                        .formatted(
                            Liveness.keepsItself(":untagged", ":referrers"),
                            Liveness.root("reach_manifest"))))
            .bind("untagged", keeping.untagged())
            .bind("referrers", keeping.referrers())
            .bind("digests", Values.digests(manifests))
            .map((row, _) -> Changed.of(row))
            .list());
  }

  /** The new roots first: what both reach is never without one. */
  private void settle(List<Changed> manifests) {
    reach(manifests.stream().filter(m -> m.root() && !m.reached()).map(Changed::digest).toList());
    withdraw(
        manifests.stream().filter(m -> !m.root() && m.reached()).map(Changed::digest).toList());
  }

  /** A manifest that became a root, or is one no more, or has more or fewer reasons to be. */
  private record Changed(Digest digest, boolean root, boolean reached) {
    private static Changed of(ResultSet row) throws SQLException {
      return new Changed(
          Values.digest(row, "digest"), row.getBoolean("root"), row.getBoolean("reached"));
    }
  }

  // ---- holds

  /** A hold began to cover these rows. */
  void hold(Rows rows, List<Digest> digests) {
    switch (rows) {
      case MANIFESTS ->
          reach(
              bound(
                      transaction.createQuery(
                          """
                          UPDATE reach_manifest SET held = true
                          WHERE repository = :repository AND digest = ANY (:digests) AND NOT held
                          RETURNING digest, true AS root, reached
                          """))
                  .bind("digests", Values.digests(digests))
                  .map((row, _) -> Changed.of(row))
                  .filter(manifest -> !manifest.reached())
                  .map(Changed::digest)
                  .list());
      case BLOBS ->
          removeUnreachableBlobs(
              bound(
                      transaction.createQuery(
                          """
                          UPDATE reach_blob SET held = true
                          WHERE repository = :repository AND digest = ANY (:digests) AND linked AND NOT held
                          RETURNING digest
                          """))
                  .bind("digests", Values.digests(digests))
                  .mapTo(Digest.class)
                  .list());
    }
  }

  /** A hold covers these rows no more; others may. */
  void release(Rows rows, List<Digest> digests) {
    switch (rows) {
      case MANIFESTS ->
          withdraw(
              bound(
                      transaction.createQuery(
                          """
                          UPDATE reach_manifest SET held = false
                          WHERE repository = :repository AND digest = ANY (:digests) AND held AND NOT %s
                          RETURNING digest, %s AS root, reached
                          """
                              .formatted(
                                  Liveness.held(":repository", "reach_manifest.digest"),
                                  Liveness.root("reach_manifest"))))
                  .bind("digests", Values.digests(digests))
                  .map((row, _) -> Changed.of(row))
                  .filter(manifest -> !manifest.root())
                  .map(Changed::digest)
                  .list());
      case BLOBS ->
          addUnreachable(
              "blob",
              bound(
                      transaction.createQuery(
                          """
                          UPDATE reach_blob SET held = false
                          WHERE repository = :repository AND digest = ANY (:digests) AND held AND NOT %s
                          RETURNING digest, users, linked, held
                          """
                              .formatted(Liveness.held(":repository", "reach_blob.digest"))))
                  .bind("digests", Values.digests(digests))
                  .map((row, _) -> BlobUsers.of(row))
                  .filter(BlobUsers::unreachable)
                  .map(BlobUsers::digest)
                  .list());
    }
  }

  // ---- the trace

  /** Marks these manifests as reached, and what they reach. */
  private void reach(List<Digest> start) {
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
  private void withdraw(List<Digest> start) {
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
  private void withdrawFromBlobs(List<Digest> manifests) {
    addUnreachable(
        "blob",
        removeUsers(manifests).stream()
            .filter(BlobUsers::unreachable)
            .map(BlobUsers::digest)
            .toList());
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

  // ---- the result

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

  private void removeUnreachableBlobs(Collection<Digest> digests) {
    if (digests.isEmpty()) {
      return;
    }
    bound(
            transaction.createUpdate(
                """
                DELETE FROM unreachable
                WHERE repository = :repository AND digest = ANY (:digests) AND kind = 'blob'
                """))
        .bind("digests", Values.digests(digests))
        .execute();
  }

  private void noteIfEmpty() {
    bound(
            transaction.createUpdate(
                """
                INSERT INTO unreachable (repository, digest, kind, since, since_at)
                SELECT :repository, '', 'repository', :position, :at
                WHERE NOT EXISTS (SELECT FROM reach_manifest WHERE repository = :repository)
                  AND NOT EXISTS (SELECT FROM reach_blob WHERE repository = :repository AND linked)
                """))
        .bind("position", event.position())
        .bind("at", event.recordedAt())
        .execute();
  }

  private <S extends SqlStatement<S>> S bound(S statement) {
    return statement.bind("repository", repository);
  }
}
