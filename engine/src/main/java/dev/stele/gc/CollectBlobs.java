package dev.stele.gc;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.HoldView;
import dev.stele.projection.Listers;
import dev.stele.sql.Values;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/**
 * Removes blobs from a repository whose manifests do not list them, and gives up the bytes of those
 * that no other repository has. Decided against the present: what a present manifest lists, or was
 * promised to a client, stays, and so does what is held.
 */
record CollectBlobs(
    Initiator initiator, RepositoryName repository, List<Digest> digests, Duration grace)
    implements Command<CollectBlobs.Result> {

  /**
   * What went.
   *
   * @param unlinked how many blobs the repository lost
   * @param swept how many objects the stores lose
   * @param bytes of those objects
   */
  record Result(int unlinked, int swept, long bytes) {
    static final Result NOTHING = new Result(0, 0, 0);

    Result plus(Result other) {
      return new Result(unlinked + other.unlinked, swept + other.swept, bytes + other.bytes);
    }
  }

  @Override
  public Result decide(Decision decision) {
    Handle handle = decision.handle();
    Map<Digest, Long> expired = Expired.lock(decision, repository, "blob", digests, grace);
    Map<Digest, Boolean> unused = unused(handle, expired.keySet());
    HeldContent.retainFree(handle, repository, unused.keySet());
    if (unused.isEmpty()) {
      return Result.NOTHING;
    }
    Set<Digest> lastLinks = new HashSet<>(unused.keySet());
    lastLinks.removeIf(unused::get);
    lastLinks.removeAll(HoldView.content(handle, lastLinks, decision.now().minus(grace)));
    Map<Digest, List<RecordedObject>> objects = RecordedObject.of(handle, lastLinks);
    Result result = new Result(unused.size(), 0, 0);
    for (Map.Entry<Digest, Long> candidate : expired.entrySet()) {
      Digest digest = candidate.getKey();
      if (unused.containsKey(digest)) {
        long position =
            decision.append(
                new Event.BlobUnlinked(repository, digest, candidate.getValue()), Cause.COLLECTOR);
        for (RecordedObject object : objects.getOrDefault(digest, List.of())) {
          decision.append(object.swept(position), Cause.COLLECTOR);
          result = result.plus(new Result(0, 1, object.size()));
        }
      }
    }
    Expired.release(handle, repository, "blob", unused.keySet());
    if (EmptyRepository.after(handle, repository, Set.of(), unused.keySet())) {
      decision.append(new Event.RepositoryRemoved(repository), Cause.COLLECTOR);
    }
    return result;
  }

  /** Those that the repository has and does not use; with whether another repository has them. */
  private Map<Digest, Boolean> unused(Handle handle, Set<Digest> wanted) {
    Map<Digest, Boolean> unused = new HashMap<>();
    handle
        .createQuery(
            """
            SELECT l.digest, EXISTS (
                     SELECT FROM blob_link o WHERE o.digest = l.digest AND o.repository <> :repository) AS elsewhere
            FROM blob_link l
            WHERE l.repository = :repository AND l.digest = ANY (:digests)
            """)
        .bind("repository", repository)
        .bind("digests", Values.digests(wanted))
        .map((row, _) -> unused.put(Values.digest(row, "digest"), row.getBoolean("elsewhere")))
        .list();
    unused.keySet().removeAll(new Listers(handle, repository).listed(wanted));
    return unused;
  }
}
