package dev.stele.gc;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.Listers;
import dev.stele.projection.Liveness;
import dev.stele.projection.ManifestView;
import dev.stele.projection.TagView;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/**
 * Removes manifests that no root reaches. Decided against the present: one that has a tag again, is
 * kept alive by a present manifest that is not going as well, is held, or was promised to a client
 * stays.
 *
 * <p>Of a cycle that is larger than a command may be only a part goes at once, which those that go
 * later keep alive as their subjects. Whether these are still reached from nowhere cannot be seen
 * here without a look at all of them; so nothing goes once anything was put, tagged or held that
 * the plan does not know.
 *
 * @param batch what is to go; at most {@link Batches#MOST}
 * @param known the position up to which the plan knows the log: the changes of the retention
 *     policy, which says what keeps itself, and what is reached
 */
record CollectManifests(
    Initiator initiator,
    RepositoryName repository,
    LivenessGraph.Batch batch,
    Duration grace,
    long known)
    implements Command<CollectManifests.Result> {

  /**
   * What went.
   *
   * @param overtaken whether nothing did since the plan is out of date
   * @param known the position up to which the plan knows the log now
   */
  record Result(int gone, boolean overtaken, long known) {}

  @Override
  public Result decide(Decision decision) {
    Handle handle = decision.handle();
    if (policyChanged(handle) || (batch.ofCycle() && mayBeReached(handle))) {
      return new Result(0, true, known);
    }
    Map<Digest, Long> expired =
        Expired.lock(decision, repository, "manifest", withSubjects(handle), grace);
    Set<Digest> going = new HashSet<>(batch.digests());
    going.retainAll(expired.keySet());
    going.retainAll(ManifestView.present(handle, repository, going));
    going.removeAll(TagView.tagged(handle, repository, going));
    HeldContent.retainFree(handle, repository, going);
    // Of those that list one, no more than are needed to find one that is not among these.
    List<Liveness.Edge> edges = new Listers(handle, repository).parents(going, going.size() + 1);
    if (batch.ofCycle()) {
      edges.removeIf(
          edge -> edge.kind() == Liveness.Kind.SUBJECT && expired.containsKey(edge.parent()));
    }
    LivenessGraph.retainClosed(going, edges);
    long next = known;
    for (Map.Entry<Digest, Long> each : expired.entrySet()) {
      if (going.contains(each.getKey())) {
        next =
            decision.append(
                    new Event.ManifestCollected(repository, each.getKey(), each.getValue()),
                    Cause.COLLECTOR)
                + 1;
      }
    }
    Expired.release(handle, repository, "manifest", going);
    if (!going.isEmpty() && EmptyRepository.after(handle, repository, going, Set.of())) {
      next = decision.append(new Event.RepositoryRemoved(repository), Cause.COLLECTOR) + 1;
    }
    return new Result(going.size(), false, next);
  }

  private boolean policyChanged(Handle handle) {
    return handle
        .createQuery(
            """
            SELECT EXISTS (
              SELECT FROM event WHERE type = 'RetentionPolicyAdopted' AND position >= :known)
            """)
        .bind("known", known)
        .mapTo(Boolean.class)
        .one();
  }

  private boolean mayBeReached(Handle handle) {
    return handle
        .createQuery(
            """
            SELECT EXISTS (SELECT FROM event WHERE type = 'HoldPlaced' AND position >= :known)
                OR EXISTS (
                  SELECT FROM event
                  WHERE repository = :repository AND position >= :known
                    AND type IN ('ManifestPut', 'TagMoved', 'TagRestored'))
            """)
        .bind("repository", repository)
        .bind("known", known)
        .mapTo(Boolean.class)
        .one();
  }

  /** What is to go; of a cycle, also what may go without those that it keeps alive. */
  private Set<Digest> withSubjects(Handle handle) {
    Set<Digest> all = new HashSet<>(batch.digests());
    if (batch.ofCycle()) {
      all.addAll(ManifestView.subjects(handle, repository, batch.digests()));
    }
    return all;
  }
}
