package dev.stele.gc;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.Liveness;
import dev.stele.sql.Values;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/**
 * Reads what is past grace from the reachability view, outside the lane. It may be behind: whoever
 * acts on it asks the lane.
 */
final class Unreachable {
  static final int PAGE = 1000;

  /** The present manifests of a repository that list a digest, as far as the view has come. */
  private static final String USERS =
      """
      SELECT e.parent
      FROM %s
      WHERE e.repository = %%s AND e.child = %%s AND e.kind = 'lists'
      """
          .formatted(Liveness.presentEdges("reach_manifest"));

  /** Something past grace, in the order of a page. */
  record Row(RepositoryName repository, Digest digest, long since, Instant sinceAt) {}

  private Unreachable() {}

  /** Hands over page after page; each is read after the last item of the one before. */
  static <T> void pages(Function<Optional<T>, List<T>> read, Consumer<List<T>> work) {
    Optional<T> last = Optional.empty();
    List<T> page;
    do {
      page = read.apply(last);
      if (!page.isEmpty()) {
        work.accept(page);
        last = Optional.of(page.getLast());
      }
    } while (page.size() == PAGE);
  }

  /** The repositories that have manifests past grace. */
  static List<RepositoryName> repositoriesWithManifests(Handle handle, Instant cutoff) {
    return handle
        .createQuery(
            """
            SELECT DISTINCT repository FROM unreachable
            WHERE kind = 'manifest' AND since_at <= :cutoff
            ORDER BY repository
            """)
        .bind("cutoff", cutoff)
        .mapTo(RepositoryName.class)
        .list();
  }

  /**
   * Manifests of a repository that can go together.
   *
   * @param edges all that lead to them from present manifests, and maybe more
   * @param all whether none that is past grace was left out
   */
  record Manifests(List<Row> rows, List<Liveness.Edge> edges, boolean all) {}

  /**
   * Of the manifests of a repository that have been past grace for longest, at most {@code most}:
   * those that can go together, since none but they keep them alive.
   */
  static Manifests manifests(Handle handle, RepositoryName repository, Instant cutoff, int most) {
    List<Row> expired =
        handle
            .createQuery(
                """
                SELECT u.digest, u.since, u.since_at
                FROM unreachable u
                CROSS JOIN LATERAL (
                  SELECT FROM lease
                  WHERE repository = u.repository AND digest = u.digest
                    AND promised_at BETWEEN u.since_at AND :cutoff OFFSET 0) AS l
                WHERE u.repository = :repository AND u.kind = 'manifest' AND u.since_at <= :cutoff
                ORDER BY u.since, u.digest
                LIMIT :most
                """)
            .bind("repository", repository)
            .bind("cutoff", cutoff)
            .bind("most", most)
            .map(
                (row, _) ->
                    new Row(
                        repository,
                        Values.digest(row, "digest"),
                        row.getLong("since"),
                        Values.time(row, "since_at")))
            .list();
    Set<Digest> going = new HashSet<>();
    expired.forEach(row -> going.add(row.digest()));
    List<Liveness.Edge> edges = new ArrayList<>();
    for (int from = 0; from < expired.size(); from += PAGE) {
      edges.addAll(
          parents(
              handle, repository, expired.subList(from, Math.min(from + PAGE, expired.size()))));
    }
    LivenessGraph.retainClosed(going, edges);
    return new Manifests(
        expired.stream().filter(row -> going.contains(row.digest())).toList(),
        edges,
        expired.size() < most);
  }

  private static List<Liveness.Edge> parents(
      Handle handle, RepositoryName repository, List<Row> children) {
    return handle
        .createQuery(
            """
            SELECT e.parent, e.child, e.kind
            FROM %s
            WHERE e.repository = :repository AND e.child = ANY (:children)
            """
                .formatted(Liveness.presentEdges("reach_manifest")))
        .bind("repository", repository)
        .bind("children", Values.digests(children.stream().map(Row::digest).toList()))
        .map(
            (row, _) ->
                new Liveness.Edge(
                    Values.digest(row, "parent"),
                    Values.digest(row, "child"),
                    Liveness.Kind.ofColumn(row.getString("kind"))))
        .list();
  }

  /** The next page of blobs past grace that no present manifest uses. */
  static List<Row> blobs(Handle handle, Instant cutoff, Optional<Row> after) {
    return blobs(
        handle,
        cutoff,
        after,
        "AND (SELECT true FROM (%s LIMIT 1) AS used) IS NULL"
            .formatted(USERS.formatted("u.repository", "u.digest")));
  }

  /** The next page of blobs past grace; present manifests may use them. */
  static List<Row> expiredBlobs(Handle handle, Instant cutoff, Optional<Row> after) {
    return blobs(handle, cutoff, after, "");
  }

  private static List<Row> blobs(
      Handle handle, Instant cutoff, Optional<Row> after, String condition) {
    return handle
        .createQuery(
            """
            SELECT u.repository, u.digest, u.since, u.since_at
            FROM unreachable u
            CROSS JOIN LATERAL (
              SELECT FROM lease
              WHERE repository = u.repository AND digest = u.digest
                AND promised_at BETWEEN u.since_at AND :cutoff OFFSET 0) AS l
            WHERE u.kind = 'blob' AND u.since_at <= :cutoff
              AND (u.since_at, u.since, u.repository, u.digest) > (:sinceAt, :since, :repository, :digest)
              %s
            ORDER BY u.since_at, u.since, u.repository, u.digest
            LIMIT :limit
            """
                .formatted(condition))
        .bind("cutoff", cutoff)
        .bind("sinceAt", after.map(Row::sinceAt).orElse(Instant.EPOCH))
        .bind("since", after.map(Row::since).orElse(-1L))
        .bind("repository", after.map(row -> row.repository().value()).orElse(""))
        .bind("digest", Values.bytesOrNone(after.map(Row::digest)))
        .bind("limit", PAGE)
        .map(
            (row, _) ->
                new Row(
                    RepositoryName.parse(row.getString("repository")),
                    Values.digest(row, "digest"),
                    row.getLong("since"),
                    Values.time(row, "since_at")))
        .list();
  }

  /** The present manifests that use a blob; at most a page of them. */
  static List<Digest> users(Handle handle, Row blob) {
    return handle
        .createQuery(
            """
            %s
            LIMIT :limit
            """
                .formatted(USERS.formatted(":repository", ":digest")))
        .bind("repository", blob.repository())
        .bind("digest", blob.digest())
        .bind("limit", PAGE)
        .mapTo(Digest.class)
        .list();
  }

  /** The next page of repositories that were left empty and are past grace. */
  static List<RepositoryName> emptyRepositories(
      Handle handle, Instant cutoff, Optional<RepositoryName> after) {
    return handle
        .createQuery(
            """
            SELECT repository FROM unreachable
            WHERE kind = 'repository' AND since_at <= :cutoff AND repository > :after
            ORDER BY repository
            LIMIT :limit
            """)
        .bind("cutoff", cutoff)
        .bind("after", after.map(RepositoryName::value).orElse(""))
        .bind("limit", PAGE)
        .mapTo(RepositoryName.class)
        .list();
  }

  /** The next page of content past grace that no repository has. */
  static List<Digest> content(Handle handle, Instant cutoff, Optional<Digest> after) {
    return new ArrayList<>(
        handle
            .createQuery(
                """
                SELECT digest FROM unlinked
                WHERE since_at <= :cutoff AND digest > :after
                ORDER BY digest
                LIMIT :limit
                """)
            .bind("cutoff", cutoff)
            .bind("after", Values.bytesOrNone(after))
            .bind("limit", PAGE)
            .mapTo(Digest.class)
            .list());
  }
}
