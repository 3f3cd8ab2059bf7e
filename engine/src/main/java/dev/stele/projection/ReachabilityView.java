package dev.stele.projection;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.RetentionPolicy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * What no root reaches any more, and since which event.
 *
 * <p>What keeps what alive is said by {@link Liveness}. That can form a cycle (an index with a
 * subject that it lists), so manifests are traced: taking a root away costs the closure that it
 * reached, never the repository. Blobs lead nowhere, so they are counted. Across repositories links
 * are counted: those are acyclic.
 */
public final class ReachabilityView implements Projection {
  /** Of the follower. */
  public static final String NAME = "reachability";

  /** How many rows one transaction changes for an event that concerns many. */
  private static final int PART = 1000;

  private final ManifestDocuments documents;
  private final int part;

  ReachabilityView(ManifestDocuments documents) {
    this(documents, PART);
  }

  /**
   * @param part about how many rows and repositories a part of a wide event looks at
   */
  ReachabilityView(ManifestDocuments documents, int part) {
    this.documents = documents;
    this.part = part;
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
    Pass pass = new Pass(transaction);
    events.forEach(pass::apply);
    pass.additions.write();
  }

  /** One way through some events: what takes nothing away waits until something does. */
  private final class Pass {
    private final Handle transaction;
    private final ReachAdditions additions;
    private final Map<RepositoryName, Keeping> keeping = new HashMap<>();
    private Optional<RetentionPolicy> policy = Optional.empty();

    private Pass(Handle transaction) {
      this.transaction = transaction;
      this.additions = new ReachAdditions(transaction);
    }

    private void apply(RecordedEvent recorded) {
      switch (recorded.event()) {
        case Event.RepositoryCreated(var repository) -> {
          Keeping kept = Keeping.of(policy(), repository);
          keeping.put(repository, kept);
          additions.repository(repository, kept);
        }
        case Event.RepositoryRemoved(var repository) -> {
          additions.write();
          keeping.remove(repository);
          removeRepository(transaction, repository);
        }
        case Event.BlobUploaded uploaded -> {
          if (uploaded.stored()) {
            additions.stored(uploaded.digest(), uploaded.store());
          }
          if (uploaded.linked()) {
            additions.link(recorded, uploaded.repository(), uploaded.digest());
          }
        }
        case Event.BlobMounted mounted -> {
          if (mounted.linked()) {
            additions.link(recorded, mounted.repository(), mounted.digest());
          }
        }
        case Event.BlobRemoval gone -> {
          graph(recorded, gone.repository()).unlink(gone.digest());
          new ContentReach(transaction, recorded).unlinked(gone.digest());
        }
        case Event.BlobSwept swept -> {
          additions.write();
          new ContentReach(transaction, recorded).swept(swept.digest(), swept.store());
        }
        case Event.ManifestPut put -> {
          if (put.added()) {
            additions.manifest(
                recorded,
                put.repository(),
                put.digest(),
                put.subject(),
                documents.recorded(transaction, put.digest()).references());
          }
        }
        case Event.ManifestRemoval gone -> graph(recorded, gone.repository()).remove(gone.digest());
        case Event.TagPointed pointed ->
            moveTag(
                recorded, pointed.repository(), Optional.of(pointed.digest()), pointed.previous());
        case Event.TagDeleted _ when recorded.cause().kind() == Cause.Kind.DIGEST_DELETE -> {
          // The manifest went before it and took what it reached along.
        }
        case Event.TagDeleted deleted ->
            moveTag(
                recorded, deleted.repository(), Optional.empty(), Optional.of(deleted.digest()));
        case Event.RetentionPolicyAdopted _, Event.HoldPlaced _, Event.HoldReleased _ -> {
          additions.write();
          keeping.clear();
          policy = Optional.empty();
          Optional<String> done = Optional.empty();
          do {
            done = applyPart(transaction, recorded, done);
          } while (done.isPresent());
        }
        case Event.BlobRepaired _,
            Event.OrphanSwept _,
            Event.BlobCorruptionFound _,
            Event.BlobFoundIntact _,
            Event.RetentionEvaluated _,
            Event.PullEvent _,
            Event.AccountEvent _,
            Event.OperatorEvent _ -> {}
      }
    }

    /** A manifest that needs no tag loses nothing with one. */
    private void moveTag(
        RecordedEvent recorded,
        RepositoryName repository,
        Optional<Digest> to,
        Optional<Digest> from) {
      if (from.isEmpty() || keeping(repository).all()) {
        to.ifPresent(digest -> additions.tag(repository, digest));
        from.ifPresent(digest -> additions.untag(repository, digest));
      } else {
        graph(recorded, repository).moveTag(to, from);
      }
    }

    private Keeping keeping(RepositoryName repository) {
      return keeping.computeIfAbsent(repository, name -> Keeping.read(transaction, name));
    }

    private RetentionPolicy policy() {
      if (policy.isEmpty()) {
        policy = Optional.of(ReachabilityView.policy(transaction));
      }
      return policy.get();
    }

    /** What takes something away finds all written that came before. */
    private RepositoryReach graph(RecordedEvent recorded, RepositoryName repository) {
      additions.write();
      return new RepositoryReach(transaction, recorded, repository);
    }
  }

  @Override
  public boolean isWide(Event event) {
    return event instanceof Event.RetentionPolicyAdopted
        || event instanceof Event.HoldPlaced
        || event instanceof Event.HoldReleased;
  }

  @Override
  public Optional<String> applyPart(
      Handle transaction, RecordedEvent recorded, Optional<String> done) {
    return change(transaction, recorded.event())
        .flatMap(change -> WideChange.part(transaction, recorded, change, part, done));
  }

  /** Empty if it changes nothing. */
  private static Optional<WideChange> change(Handle transaction, Event event) {
    if (event instanceof Event.HoldPlaced placed && placed.tag().isEmpty()) {
      return Optional.of(HoldReach.place(transaction, placed));
    }
    if (event instanceof Event.HoldReleased released) {
      return Optional.of(HoldReach.release(transaction, released));
    }
    if (event instanceof Event.RetentionPolicyAdopted adopted) {
      return Optional.of(adoption(transaction, adopted.policy()));
    }
    return Optional.empty();
  }

  private static void removeRepository(Handle transaction, RepositoryName repository) {
    transaction
        .createUpdate(
            """
            WITH forgotten AS (DELETE FROM unreachable WHERE repository = :name AND digest = ''),
            held AS (DELETE FROM reach_held WHERE repository = :name)
            DELETE FROM reach_repository WHERE name = :name
            """)
        .bind("name", repository)
        .execute();
  }

  /** The retention policy in force, as far as the view has followed the log. */
  public static RetentionPolicy policy(Handle transaction) {
    return transaction
        .createQuery("SELECT policy FROM reach_policy WHERE only_row")
        .mapTo(Digest.class)
        .findOne()
        .map(digest -> RetentionView.policy(transaction, digest))
        .orElse(RetentionPolicy.NONE);
  }

  /** The next repositories after a name, or one of them only. */
  static List<RepositoryName> repositories(
      Handle transaction, Optional<RepositoryName> one, String after, int limit) {
    return transaction
        .createQuery(
            """
            SELECT name FROM reach_repository
            WHERE name > :after %s
            ORDER BY name
            LIMIT :limit
            """
                .formatted(one.isPresent() ? "AND name = :one" : ""))
        .bind("one", one)
        .bind("after", after)
        .bind("limit", limit)
        .mapTo(RepositoryName.class)
        .list();
  }

  private static WideChange adoption(Handle transaction, Digest digest) {
    RetentionPolicy policy = RetentionView.policy(transaction, digest);
    return new WideChange() {
      @Override
      public void begin() {
        transaction
            .createUpdate(
                """
                INSERT INTO reach_policy (only_row, policy) VALUES (true, :policy)
                ON CONFLICT (only_row) DO UPDATE SET policy = excluded.policy
                """)
            .bind("policy", digest)
            .execute();
      }

      @Override
      public List<RepositoryName> repositories(String after, int limit) {
        return ReachabilityView.repositories(transaction, Optional.empty(), after, limit);
      }

      @Override
      public boolean enter(RepositoryReach graph, RepositoryName repository) {
        return graph.keep(Keeping.of(policy, repository));
      }

      @Override
      public List<RepositoryReach.Rows> rows() {
        return List.of(RepositoryReach.Rows.MANIFESTS);
      }

      @Override
      public void change(
          RepositoryReach graph,
          RepositoryName repository,
          RepositoryReach.Rows rows,
          List<Digest> digests) {
        graph.keep(Keeping.of(policy, repository), digests);
      }
    };
  }
}
