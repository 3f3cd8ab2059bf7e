package dev.stele.gc;

import dev.stele.log.Command;
import dev.stele.log.LogCheckpoint;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.ReachabilityView;
import dev.stele.sql.Values;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/**
 * Which of some unreachable things have outlived their grace period, asked in the lane. Their
 * leases are locked until the transaction ends; a lease that somebody is renewing is passed over.
 *
 * <p>INVARIANT: nothing is said to be past grace while the view has not taken in all that clients
 * deleted from the repository. It may still know of a time before that was pushed again, or used,
 * and the lane cannot see that any more once a deletion has ended it. Whatever is deleted begins a
 * new grace period so, itself and what it kept, without a look at how much that is.
 */
final class Expired {
  private Expired() {}

  /** Those of a kind that are past grace, each with the position since which it is unreachable. */
  static Map<Digest, Long> lock(
      Command.Decision decision,
      RepositoryName repository,
      String kind,
      Collection<Digest> digests,
      Duration grace) {
    Handle handle = decision.handle();
    if (deletedUnseen(handle, repository)) {
      return Map.of();
    }
    // The log's time is ahead of the clock when the clock was set back. Promises have the clock's.
    Instant now = decision.now();
    Map<Digest, Long> expired = new LinkedHashMap<>();
    handle
        .createQuery(
            """
            SELECT u.digest, u.since
            FROM lease l
            CROSS JOIN LATERAL (
              SELECT digest, since, since_at FROM unreachable
              WHERE repository = l.repository AND digest = l.digest AND kind = :kind OFFSET 0) AS u
            WHERE l.repository = :repository AND l.digest = ANY (:digests)
              AND u.since_at <= :cutoff
              AND l.promised_at BETWEEN u.since_at
                                    AND least(:cutoff, clock_timestamp() - make_interval(secs => :grace))
            ORDER BY u.since, u.digest
            FOR UPDATE OF l SKIP LOCKED
            """)
        .bind("repository", repository)
        .bind("kind", kind)
        .bind("digests", Values.digests(digests))
        .bind("cutoff", now.minus(grace))
        .bind("grace", grace.toNanos() / 1e9)
        .map((row, _) -> expired.put(Values.digest(row, "digest"), row.getLong("since")))
        .list();
    return expired;
  }

  private static boolean deletedUnseen(Handle handle, RepositoryName repository) {
    return handle
        .createQuery(
            """
            SELECT EXISTS (
              SELECT FROM event
              WHERE repository = :repository AND position >= :seen AND type IN ('ManifestDeleted', 'BlobDeleted'))
            """)
        .bind("repository", repository)
        .bind("seen", LogCheckpoint.read(handle, ReachabilityView.NAME).nextPosition())
        .mapTo(Boolean.class)
        .one();
  }

  /** Drops the leases of what is being collected, unless they are also those of something else. */
  static void release(
      Handle handle, RepositoryName repository, String kind, Collection<Digest> digests) {
    handle
        .createUpdate(
            """
            DELETE FROM lease l
            WHERE l.repository = :repository AND l.digest = ANY (:digests)
              AND NOT EXISTS (
                SELECT FROM unreachable u
                WHERE u.repository = l.repository AND u.digest = l.digest AND u.kind <> :kind)
            """)
        .bind("repository", repository)
        .bind("kind", kind)
        .bind("digests", Values.digests(digests))
        .execute();
  }
}
