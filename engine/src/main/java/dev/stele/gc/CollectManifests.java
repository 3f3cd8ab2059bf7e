package dev.stele.gc;

import dev.stele.event.ActorId;
import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.log.Command;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/**
 * Removes manifests that no root reaches. Decided against the present: one that has a tag again, is
 * kept alive by a present manifest that is not going as well, is held, or was promised to a client
 * stays. The result is how many went.
 *
 * @param digests those that keep each other alive together, or none of them
 * @param policyKnownUntil the position up to which the view has followed changes of the retention
 *     policy, which says what keeps itself
 */
record CollectManifests(
    ActorId actor,
    String requestId,
    RepositoryName repository,
    List<Digest> digests,
    Duration grace,
    long policyKnownUntil)
    implements Command<Integer> {

  @Override
  public Integer decide(Decision decision) {
    Handle handle = decision.handle();
    if (policyChanged(handle)) {
      return 0;
    }
    Map<Digest, Long> expired =
        Expired.lock(handle, repository, "manifest", digests, decision.now(), grace);
    Set<Digest> going = new HashSet<>(present(handle, expired.keySet()));
    going.removeAll(tagged(handle, going));
    Holds.retainFree(handle, repository, going);
    LivenessGraph.retainClosed(going, parents(handle, going));
    if (going.isEmpty()) {
      return 0;
    }
    for (Digest digest : expired.keySet()) {
      if (going.contains(digest)) {
        decision.append(
            new Event.ManifestCollected(repository, digest, expired.get(digest)), Cause.COLLECTOR);
      }
    }
    Expired.release(handle, repository, "manifest", going);
    if (EmptyRepository.after(handle, repository, going, Set.of())) {
      decision.append(new Event.RepositoryRemoved(repository), Cause.COLLECTOR);
    }
    return going.size();
  }

  private boolean policyChanged(Handle handle) {
    return handle
        .createQuery(
            """
            SELECT EXISTS (
              SELECT FROM event WHERE type = 'RetentionPolicyAdopted' AND position >= :known)
            """)
        .bind("known", policyKnownUntil)
        .mapTo(Boolean.class)
        .one();
  }

  private List<Digest> present(Handle handle, Collection<Digest> wanted) {
    return digests(
        handle,
        "SELECT digest FROM manifest WHERE repository = :repository AND digest = ANY (:digests)",
        wanted);
  }

  private List<Digest> tagged(Handle handle, Collection<Digest> wanted) {
    return digests(
        handle,
        "SELECT DISTINCT digest FROM live_tag WHERE repository = :repository AND digest = ANY"
            + " (:digests)",
        wanted);
  }

  private List<Digest> digests(Handle handle, String sql, Collection<Digest> wanted) {
    return handle
        .createQuery(sql)
        .bind("repository", repository.value())
        .bindArray("digests", String.class, wanted.stream().map(Digest::toString).toList())
        .map((row, _) -> Digest.parse(row.getString(1)))
        .list();
  }

  private List<LivenessGraph.Edge> parents(Handle handle, Collection<Digest> children) {
    return handle
        .createQuery(
            """
            SELECT manifest AS parent, digest AS child
            FROM manifest_reference
            WHERE repository = :repository AND digest = ANY (:children)
            UNION ALL
            SELECT m.subject, m.digest
            FROM manifest m
            CROSS JOIN LATERAL (
              SELECT FROM manifest
              WHERE repository = :repository AND digest = m.subject OFFSET 0) AS subject
            WHERE m.repository = :repository AND m.digest = ANY (:children)
            """)
        .bind("repository", repository.value())
        .bindArray("children", String.class, children.stream().map(Digest::toString).toList())
        .map(
            (row, _) ->
                new LivenessGraph.Edge(
                    Digest.parse(row.getString("parent")), Digest.parse(row.getString("child"))))
        .list();
  }
}
