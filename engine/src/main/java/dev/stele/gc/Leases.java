package dev.stele.gc;

import dev.stele.log.LaneWrite;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.Member;
import dev.stele.sql.Unnested;
import dev.stele.sql.Values;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Promises that something exists. Clients ask first and then skip the upload, so whatever a client
 * was told of, or has put again, stays for a whole grace period from then, though no root reaches
 * it.
 *
 * <p>Each thing that is found to be unreachable has a row, with the time of the last promise;
 * without one that is no older than {@code since_at} it is not collected. INVARIANT: that time is
 * not before any promise that was given without finding the row. So a row is first made with an
 * infinite time, and gets the present one when everybody can see it.
 *
 * <p>Whoever promises looks for the thing and the row in one statement, so at one moment. If the
 * thing is there and the row is not, nothing is to be written: a row that is made later is visible
 * before it gets its time, so its time is not before that moment; and the collector, which needs
 * the row, cannot have begun, since it removes the row only together with the thing. (Two
 * statements would do as well, the row's first; thing first and row second would not: both can go
 * in between.) If both are there, the row is renewed first and the thing looked for again
 * afterwards. The collector locks the row, decides in the lane, and commits: a promise that comes
 * meanwhile waits, and then finds nothing. One that was renewed a moment ago serves for those who
 * come after it ({@link GcOptions#renewal}), since the collector waits for so much longer. Nobody
 * but a promise waits for a lock, and it holds no other, so there is no deadlock.
 */
public final class Leases {
  /** What a statement deals with, so that it takes no longer than a request's may. */
  private static final int AT_ONCE = 5_000;

  /**
   * In SQL, whether something was found to be unreachable and what was promised last is older than
   * {@code :renewal} seconds, so that a promise of it must be written: for the statement that looks
   * whether {@code :repository} has {@code :digest}.
   */
  public static final String DUE =
      """
      EXISTS (SELECT FROM lease
              WHERE repository = :repository AND digest = :digest
                AND (promised_at = 'infinity'
                     OR promised_at <= clock_timestamp() - make_interval(secs => :renewal)))
      """;

  private Leases() {}

  /**
   * Renews the promise of a digest of a repository, if a root does not reach it anyway. To be
   * called before looking whether it is there, and outside the lane in a transaction of its own;
   * {@link Promises} does that for answers to clients.
   */
  public static void renew(Handle handle, RepositoryName repository, Digest digest) {
    handle
        .createUpdate(
            """
            UPDATE lease SET promised_at = greatest(promised_at, clock_timestamp())
            WHERE repository = :repository AND digest = :digest
            """)
        .bind("repository", repository)
        .bind("digest", digest)
        .execute();
  }

  /**
   * The same of whatever the commands of the lane promise: they hold what decides whether it is
   * there.
   */
  public static final LaneWrite<Member<Digest>> RENEWAL =
      (lane, promised) ->
          new Unnested<>(Set.copyOf(promised))
              .text("repositories", Member::repository)
              .digests("digests", Member::item)
              .execute(
                  lane,
                  """
                  UPDATE lease l SET promised_at = greatest(l.promised_at, clock_timestamp())
                  FROM unnest(:repositories::text[], :digests::bytea[]) AS promised (repository, digest)
                  WHERE l.repository = promised.repository AND l.digest = promised.digest
                  """);

  /** Something unreachable, in the order of the view's index. */
  private record Found(
      OffsetDateTime sinceAt, long since, String repository, Optional<Digest> digest) {}

  /**
   * Starts the grace period of what became unreachable from a time on and has none yet: page by
   * page, since an event may concern all of a large repository.
   */
  static void start(Jdbi jdbi, Instant from) {
    for (String kind : List.of("manifest", "blob")) {
      Found last = new Found(from.atOffset(ZoneOffset.UTC), -1, "", Optional.empty());
      List<Found> page;
      do {
        page = unreachable(jdbi, kind, last);
        if (!page.isEmpty()) {
          start(jdbi, page);
          last = page.getLast();
        }
      } while (page.size() == AT_ONCE);
    }
  }

  private static List<Found> unreachable(Jdbi jdbi, String kind, Found after) {
    return jdbi.withHandle(
        handle ->
            handle
                .createQuery(
                    """
                    SELECT since_at, since, repository, digest
                    FROM unreachable
                    WHERE kind = :kind
                      AND (since_at, since, repository, digest) > (:sinceAt, :since, :repository, :digest)
                    ORDER BY since_at, since, repository, digest
                    LIMIT :limit
                    """)
                .bind("kind", kind)
                .bind("sinceAt", after.sinceAt())
                .bind("since", after.since())
                .bind("repository", after.repository())
                .bind("digest", Values.bytesOrNone(after.digest()))
                .bind("limit", AT_ONCE)
                .map(
                    (row, _) ->
                        new Found(
                            row.getObject("since_at", OffsetDateTime.class),
                            row.getLong("since"),
                            row.getString("repository"),
                            Values.digestIfAny(row, "digest")))
                .list());
  }

  /** In two transactions, see above. */
  private static void start(Jdbi jdbi, List<Found> page) {
    Unnested<Found> found =
        new Unnested<>(page)
            .text("repositories", Found::repository)
            .digests("digests", each -> each.digest().orElseThrow())
            .time("times", each -> each.sinceAt().toInstant());
    jdbi.useHandle(
        handle ->
            found.execute(
                handle,
                """
                INSERT INTO lease (repository, digest, promised_at)
                SELECT repository, digest, 'infinity'::timestamptz
                FROM unnest(:repositories::text[], :digests::bytea[]) AS u (repository, digest)
                ORDER BY repository, digest
                ON CONFLICT DO NOTHING
                """));
    jdbi.useHandle(
        handle ->
            found.execute(
                handle,
                """
                UPDATE lease SET promised_at = clock_timestamp()
                FROM (
                  SELECT waiting.repository, waiting.digest
                  FROM unnest(:repositories::text[], :digests::bytea[], :times::timestamptz[])
                    AS u (repository, digest, since_at)
                  CROSS JOIN LATERAL (
                    SELECT l.repository, l.digest FROM lease l
                    WHERE l.repository = u.repository AND l.digest = u.digest
                      AND (l.promised_at < u.since_at OR l.promised_at = 'infinity')
                    FOR UPDATE SKIP LOCKED) AS waiting) AS found
                WHERE lease.repository = found.repository AND lease.digest = found.digest
                """));
  }

  /** Drops promises that were given before a time, of what a root reaches again or is gone. */
  static void forget(Jdbi jdbi, Instant before) {
    int forgotten;
    do {
      forgotten =
          jdbi.withHandle(
              handle ->
                  handle
                      .createUpdate(
                          """
                          DELETE FROM lease USING (
                            SELECT repository, digest FROM lease l
                            WHERE promised_at < :before
                              AND NOT EXISTS (
                                SELECT FROM unreachable u
                                WHERE u.repository = l.repository AND u.digest = l.digest)
                            LIMIT :limit
                            FOR UPDATE SKIP LOCKED) AS old
                          WHERE lease.repository = old.repository AND lease.digest = old.digest
                          """)
                      .bind("before", before)
                      .bind("limit", AT_ONCE)
                      .execute());
    } while (forgotten == AT_ONCE);
  }
}
