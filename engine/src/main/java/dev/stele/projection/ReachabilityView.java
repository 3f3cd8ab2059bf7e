package dev.stele.projection;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.RetentionPolicy;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * What no root reaches any more, and since which event.
 *
 * <p>Roots are manifests that have a tag, those that the retention policy in force keeps without
 * one, and whatever is held. What keeps alive within a repository: a manifest everything that it
 * {@linkplain dev.stele.oci.Manifest#listed lists}, be that a manifest, a blob or both; a subject
 * its referrers. Liveness can form a cycle (an index with a subject that it lists), so manifests
 * are traced: taking a root away costs the closure that it reached, never the repository. Blobs
 * lead nowhere, so they are counted. Across repositories links are counted: those are acyclic.
 */
public final class ReachabilityView implements Projection {
  /** Of the follower. */
  public static final String NAME = "reachability";

  private final ManifestDocuments documents;

  ReachabilityView(ManifestDocuments documents) {
    this.documents = documents;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<String> tables() {
    return List.of(
        "reach_policy",
        "reach_repository",
        "reach_manifest",
        "reach_edge",
        "reach_blob",
        "reach_content",
        "reach_object",
        "reach_hold",
        "reach_held",
        "unreachable",
        "unlinked");
  }

  @Override
  public void apply(Handle transaction, List<RecordedEvent> events) {
    for (RecordedEvent recorded : events) {
      apply(transaction, recorded);
    }
  }

  private void apply(Handle transaction, RecordedEvent recorded) {
    ContentReach content = new ContentReach(transaction, recorded);
    switch (recorded.event()) {
      case Event.RepositoryCreated created -> createRepository(transaction, created.repository());
      case Event.RepositoryRemoved removed -> removeRepository(transaction, removed.repository());
      case Event.BlobUploaded uploaded -> {
        if (uploaded.stored()) {
          content.stored(uploaded.digest(), uploaded.store());
        }
        if (uploaded.linked()) {
          content.linked(uploaded.digest());
          graph(transaction, recorded, uploaded.repository()).link(uploaded.digest());
        }
      }
      case Event.BlobMounted mounted -> {
        if (mounted.linked()) {
          content.linked(mounted.digest());
          graph(transaction, recorded, mounted.repository()).link(mounted.digest());
        }
      }
      case Event.BlobDeleted deleted -> {
        graph(transaction, recorded, deleted.repository()).unlink(deleted.digest());
        content.unlinked(deleted.digest());
      }
      case Event.BlobUnlinked unlinked -> {
        graph(transaction, recorded, unlinked.repository()).unlink(unlinked.digest());
        content.unlinked(unlinked.digest());
      }
      case Event.BlobSwept swept -> content.swept(swept.digest(), swept.store());
      case Event.ManifestPut put -> {
        if (put.added()) {
          graph(transaction, recorded, put.repository()).add(manifest(transaction, put));
        }
      }
      case Event.ManifestDeleted deleted ->
          graph(transaction, recorded, deleted.repository()).remove(deleted.digest());
      case Event.ManifestCollected collected ->
          graph(transaction, recorded, collected.repository()).remove(collected.digest());
      case Event.TagMoved(var repository, _, var digest, var previous) ->
          graph(transaction, recorded, repository).moveTag(digest, previous);
      case Event.TagRestored(var repository, _, var digest, var previous, _) ->
          graph(transaction, recorded, repository).moveTag(digest, previous);
      case Event.TagDeleted _ when recorded.cause().kind() == Cause.Kind.DIGEST_DELETE -> {
        // The manifest went before it and took what it reached along.
      }
      case Event.TagDeleted deleted ->
          graph(transaction, recorded, deleted.repository()).removeTag(deleted.digest());
      case Event.RetentionPolicyAdopted adopted -> adopt(transaction, recorded, adopted.policy());
      case Event.HoldPlaced placed -> new HoldReach(transaction, recorded).place(placed);
      case Event.HoldReleased released -> new HoldReach(transaction, recorded).release(released);
      case Event.BlobRepaired _,
          Event.OrphanSwept _,
          Event.BlobCorruptionFound _,
          Event.BlobFoundIntact _,
          Event.RetentionEvaluated _,
          Event.PullsObserved _,
          Event.OperatorEvent _ -> {}
    }
  }

  private static RepositoryReach graph(
      Handle transaction, RecordedEvent recorded, RepositoryName repository) {
    return new RepositoryReach(transaction, recorded, repository);
  }

  private RepositoryReach.Node manifest(Handle transaction, Event.ManifestPut put) {
    return new RepositoryReach.Node(
        put.digest(), put.subject(), documents.recorded(transaction, put.digest()).references());
  }

  private static void createRepository(Handle transaction, RepositoryName repository) {
    RetentionPolicy policy = policy(transaction);
    transaction
        .createUpdate(
            """
            INSERT INTO reach_repository (name, keep_untagged, keep_referrers)
            VALUES (:name, :keepUntagged, :keepReferrers)
            """)
        .bind("name", repository.value())
        .bind("keepUntagged", !policy.deletesUntagged(repository))
        .bind("keepReferrers", !policy.deletesReferrers(repository))
        .execute();
    HoldReach.cover(transaction, repository);
  }

  private static void removeRepository(Handle transaction, RepositoryName repository) {
    transaction
        .createUpdate(
            """
            WITH forgotten AS (DELETE FROM unreachable WHERE repository = :name AND digest = ''),
            held AS (DELETE FROM reach_held WHERE repository = :name)
            DELETE FROM reach_repository WHERE name = :name
            """)
        .bind("name", repository.value())
        .execute();
  }

  /** The retention policy in force, as far as the view has followed the log. */
  public static RetentionPolicy policy(Handle transaction) {
    return transaction
        .createQuery("SELECT policy FROM reach_policy WHERE only_row")
        .map((row, _) -> Digest.parse(row.getString("policy")))
        .findOne()
        .map(digest -> RetentionView.policy(transaction, digest))
        .orElse(RetentionPolicy.NONE);
  }

  private static void adopt(Handle transaction, RecordedEvent recorded, Digest digest) {
    transaction
        .createUpdate(
            """
            INSERT INTO reach_policy (only_row, policy) VALUES (true, :policy)
            ON CONFLICT (only_row) DO UPDATE SET policy = excluded.policy
            """)
        .bind("policy", digest.toString())
        .execute();
    RetentionPolicy policy = RetentionView.policy(transaction, digest);
    List<RepositoryName> repositories =
        transaction
            .createQuery("SELECT name FROM reach_repository ORDER BY name")
            .map((row, _) -> RepositoryName.parse(row.getString("name")))
            .list();
    for (RepositoryName repository : repositories) {
      graph(transaction, recorded, repository)
          .keep(!policy.deletesUntagged(repository), !policy.deletesReferrers(repository));
    }
  }
}
