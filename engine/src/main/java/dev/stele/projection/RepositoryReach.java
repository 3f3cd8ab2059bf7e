package dev.stele.projection;

import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.sql.Values;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.SqlStatement;

/**
 * How one event changes what is reached within a repository.
 *
 * <p>INVARIANT: after each operation {@code reached} is true for exactly the manifests that a root
 * reaches, {@code users} counts exactly those of them that list a digest, and {@code unreachable}
 * has exactly the manifests that are not reached and the linked blobs that no such manifest lists
 * and that are not held. What a digest is, and when it comes or goes as a manifest or as a blob,
 * does not matter to those who list it.
 */
final class RepositoryReach {
  private final Handle transaction;
  private final RecordedEvent event;
  private final RepositoryName repository;
  private final ReachTrace trace;

  RepositoryReach(Handle transaction, RecordedEvent event, RepositoryName repository) {
    this.transaction = transaction;
    this.event = event;
    this.repository = repository;
    this.trace = new ReachTrace(transaction, event, repository);
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
      trace.withdrawFromBlobs(gone);
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
      trace.withdraw(children);
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
        changed(
            bound(
                    transaction.createQuery(
                        """
                        UPDATE reach_manifest SET tags = tags + CASE digest WHEN :to::bytea THEN 1 ELSE -1 END
                        WHERE repository = :repository AND digest IN (:to::bytea, :from::bytea)
                        RETURNING digest, %s AS root, reached
                        """
                            .formatted(Liveness.root("reach_manifest"))))
                .bind("to", to)
                .bind("from", from));
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
        changed(
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
                .bind("digests", Values.digests(manifests))));
  }

  /** The new roots first: what both reach is never without one. */
  private void settle(List<Changed> manifests) {
    trace.reach(
        manifests.stream().filter(m -> m.root() && !m.reached()).map(Changed::digest).toList());
    trace.withdraw(
        manifests.stream().filter(m -> !m.root() && m.reached()).map(Changed::digest).toList());
  }

  /** A manifest that became a root, or is one no more, or has more or fewer reasons to be. */
  private record Changed(Digest digest, boolean root, boolean reached) {
    private static Changed of(ResultSet row) throws SQLException {
      return new Changed(
          Values.digest(row, "digest"), row.getBoolean("root"), row.getBoolean("reached"));
    }
  }

  private static List<Changed> changed(Query update) {
    return update.map((row, _) -> Changed.of(row)).list();
  }

  // ---- holds

  /** A hold began to cover these rows. */
  void hold(Rows rows, List<Digest> digests) {
    switch (rows) {
      case MANIFESTS ->
          settle(
              changed(
                  bound(
                          transaction.createQuery(
                              """
                              UPDATE reach_manifest SET held = true
                              WHERE repository = :repository AND digest = ANY (:digests) AND NOT held
                              RETURNING digest, true AS root, reached
                              """))
                      .bind("digests", Values.digests(digests))));
      case BLOBS ->
          bound(
                  transaction.createUpdate(
                      """
                      WITH covered AS (
                        UPDATE reach_blob SET held = true
                        WHERE repository = :repository AND digest = ANY (:digests) AND linked AND NOT held
                        RETURNING digest)
                      DELETE FROM unreachable
                      WHERE repository = :repository AND digest = ANY (ARRAY(SELECT digest FROM covered))
                        AND kind = 'blob'
                      """))
              .bind("digests", Values.digests(digests))
              .execute();
    }
  }

  /** A hold covers these rows no more; others may. */
  void release(Rows rows, List<Digest> digests) {
    switch (rows) {
      case MANIFESTS ->
          settle(
              changed(
                  released(
                      "reach_manifest",
                      Liveness.root("reach_manifest") + " AS root, reached",
                      digests)));
      case BLOBS -> trace.withdrawBlobs(released("reach_blob", "users, linked, held", digests));
    }
  }

  private Query released(String table, String columns, List<Digest> digests) {
    return bound(
            transaction.createQuery(
                """
                UPDATE %1$s SET held = false
                WHERE repository = :repository AND digest = ANY (:digests) AND held AND NOT %2$s
                RETURNING digest, %3$s
                """
                    .formatted(table, Liveness.held(":repository", table + ".digest"), columns)))
        .bind("digests", Values.digests(digests));
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
