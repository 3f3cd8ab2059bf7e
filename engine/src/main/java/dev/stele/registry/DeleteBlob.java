package dev.stele.registry;

import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.BlobView;
import dev.stele.projection.Listers;
import dev.stele.projection.ManifestView;
import dev.stele.projection.RepositoryView;
import java.util.List;
import java.util.Optional;

/**
 * Removes a blob from a repository, unless a present manifest lists it, it is one itself, or it is
 * held.
 */
record DeleteBlob(
    Initiator initiator, RepositoryName repository, Digest digest, Precondition precondition)
    implements Command<Outcome<Digest>> {

  @Override
  public Outcome<Digest> decide(Decision decision) {
    if (ManifestView.byDigest(decision.handle(), repository, digest).isPresent()) {
      return Outcome.refused(new Refusal.Referenced(digest, List.of(digest)));
    }
    if (!BlobView.linked(decision.handle(), repository, digest)) {
      return Outcome.refused(
          RepositoryView.exists(decision.handle(), repository)
              ? new Refusal.UnknownBlob(repository, digest)
              : new Refusal.UnknownRepository(repository));
    }
    List<Digest> listing =
        new Listers(decision.handle(), repository).of(digest, Refusal.Referenced.MOST_NAMED);
    if (!listing.isEmpty()) {
      return Outcome.refused(new Refusal.Referenced(digest, listing));
    }
    Optional<Refusal> held = Protection.againstDeletingBlob(decision.handle(), repository, digest);
    if (held.isPresent()) {
      return Outcome.refused(held.get());
    }
    if (precondition.failed(Optional.of(digest)).isPresent()) {
      return Outcome.refused(
          new Refusal.PreconditionFailed(
              repository, new Reference.ByDigest(digest), Optional.of(digest)));
    }
    decision.append(new Event.BlobDeleted(repository, digest));
    return Outcome.ok(digest);
  }
}
