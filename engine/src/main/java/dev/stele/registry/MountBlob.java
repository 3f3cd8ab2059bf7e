package dev.stele.registry;

import dev.stele.event.ActorId;
import dev.stele.event.Event;
import dev.stele.gc.Leases;
import dev.stele.log.Command;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.BlobView;
import dev.stele.projection.RepositoryView;
import java.util.Optional;

/**
 * Makes a blob that the repository's store has part of the repository, if the named source (or any
 * repository, if none is named) has it. The result says whether it did.
 */
record MountBlob(
    ActorId actor,
    String requestId,
    RepositoryName repository,
    Digest digest,
    Optional<RepositoryName> from,
    String store)
    implements Command<Boolean> {

  @Override
  public Boolean decide(Decision decision) {
    boolean readable =
        from.map(source -> BlobView.linked(decision.handle(), source, digest))
            .orElseGet(() -> BlobView.linkedAnywhere(decision.handle(), digest));
    if (!readable || BlobView.stored(decision.handle(), digest, store).isEmpty()) {
      return false;
    }
    boolean linked = !BlobView.linked(decision.handle(), repository, digest);
    if (linked && !RepositoryView.exists(decision.handle(), repository)) {
      decision.append(new Event.RepositoryCreated(repository));
    }
    if (!linked) {
      Leases.renew(decision.handle(), repository, digest);
    }
    decision.append(new Event.BlobMounted(repository, digest, from, linked));
    return true;
  }
}
