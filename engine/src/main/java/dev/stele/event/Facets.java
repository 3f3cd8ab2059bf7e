package dev.stele.event;

import dev.stele.event.Facet.Kind;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** The one place that says which {@link Facet}s an event has. */
public final class Facets {
  private Facets() {}

  /** Everything by which the event can be found. */
  public static Set<Facet> of(RecordedEvent recorded) {
    Set<Facet> facets = new HashSet<>();
    facets.add(new Facet(Kind.TYPE, recorded.event().type()));
    facets.add(actor(recorded.actor()));
    facets.add(new Facet(Kind.CAUSE, recorded.cause().kind().name()));
    recorded.event().place().ifPresent(repository -> addPlace(facets, repository));
    if (recorded.event() instanceof Event.AccessDenied denied) {
      denied.asked().ifPresent(repository -> addPlace(facets, repository));
    }
    Subjects subjects = subjects(recorded.event());
    subjects.digests().forEach(digest -> facets.add(digest(digest)));
    subjects.tags().forEach(tag -> facets.add(tag(tag)));
    return facets;
  }

  public static Facet actor(ActorId actor) {
    return new Facet(Kind.ACTOR, actor.value().toString());
  }

  public static Facet digest(Digest digest) {
    return new Facet(Kind.DIGEST, digest.toString());
  }

  public static Facet tag(Tag tag) {
    return new Facet(Kind.TAG, tag.value());
  }

  private static void addPlace(Set<Facet> facets, RepositoryName repository) {
    String name = repository.value();
    facets.add(new Facet(Kind.REPOSITORY, name));
    for (int slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1)) {
      facets.add(new Facet(Kind.NAMESPACE, name.substring(0, slash)));
    }
  }

  /** What an event speaks of. */
  private record Subjects(List<Digest> digests, List<Tag> tags) {
    static final Subjects NONE = new Subjects(List.of(), List.of());

    static Subjects of(Digest... digests) {
      return new Subjects(List.of(digests), List.of());
    }

    static Subjects of(Tag tag, Digest digest) {
      return new Subjects(List.of(digest), List.of(tag));
    }
  }

  private static Subjects subjects(Event event) {
    return switch (event) {
      case Event.RepositoryEvent _,
          Event.OrphanSwept _,
          Event.BlobPullsObserved _,
          Event.StoreTakenOver _,
          Event.ActorForgotten _,
          Event.AccessEvent _,
          Event.ServerStopped _,
          Event.ApprovalGiven _,
          Event.ApprovalWithdrawn _,
          Event.ApprovalsUsed _,
          Event.EvidenceIssued _,
          Event.LogBreakDeclared _,
          Event.UserChanged _,
          Event.AccountEvent _,
          Event.ClockConfirmed _ ->
          Subjects.NONE;
      case Event.BlobEvent blob -> Subjects.of(blob.digest());
      case Event.BlobSwept swept -> Subjects.of(swept.digest());
      case Event.BlobCorruptionFound found -> Subjects.of(found.digest());
      case Event.BlobFoundIntact found -> Subjects.of(found.digest());
      case Event.BlobRepaired repaired -> Subjects.of(repaired.digest());
      case Event.ManifestPut put -> new Subjects(with(put.digest(), put.subject()), put.tags());
      case Event.ManifestRemoval gone -> Subjects.of(gone.digest());
      case Event.TagPointed pointed ->
          new Subjects(with(pointed.digest(), pointed.previous()), List.of(pointed.tag()));
      case Event.HoldPlaced hold ->
          new Subjects(hold.digest().stream().toList(), hold.tag().stream().toList());
      case Event.HoldReleased hold ->
          new Subjects(hold.digest().stream().toList(), hold.tag().stream().toList());
      case Event.TagDeleted deleted -> Subjects.of(deleted.tag(), deleted.digest());
      case Event.RetentionPolicyAdopted adopted -> Subjects.of(adopted.policy());
      case Event.AccessPolicyAdopted adopted -> Subjects.of(adopted.policy());
      case Event.ServerStarted started ->
          new Subjects(with(started.configuration(), started.previous()), List.of());
      case Event.ConfigurationChanged changed ->
          new Subjects(with(changed.configuration(), changed.previous()), List.of());
      case Event.RetentionEvaluated evaluated ->
          Subjects.of(evaluated.policy(), evaluated.decisions());
      case Event.PullsObserved pulls ->
          new Subjects(List.of(pulls.digest()), pulls.tag().stream().toList());
    };
  }

  private static List<Digest> with(Digest digest, Optional<Digest> more) {
    return Stream.concat(Stream.of(digest), more.stream()).toList();
  }
}
