package dev.stele.registry;

import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.gc.Leases;
import dev.stele.log.Command;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.BlobView;
import dev.stele.projection.Member;
import dev.stele.projection.RepositoryView;
import java.util.Optional;

/**
 * Makes a blob that the repository's store has part of the repository, if the named source (or any
 * repository, if none is named) has it. The result says whether it did.
 */
record MountBlob(
    Initiator initiator,
    RepositoryName repository,
    Digest digest,
    Optional<RepositoryName> from,
    String store)
    implements Command<Boolean> {

  private Member<Digest> blob() {
    return new Member<>(repository, digest);
  }

  @Override
  public void needs(Needs needs) {
    from.ifPresentOrElse(
        source -> needs.need(BlobView.LINKED, new Member<>(source, digest)),
        () -> needs.need(BlobView.LINKED_ANYWHERE, digest));
    needs.need(BlobView.STORED, new BlobView.StoredIn(store, digest));
    needs.need(BlobView.LINKED, blob());
    needs.repository(repository);
    needs.need(RepositoryView.EXISTS, repository);
  }

  @Override
  public Boolean decide(Decision decision) {
    boolean readable =
        from.map(source -> decision.fact(BlobView.LINKED, new Member<>(source, digest)))
            .orElseGet(() -> decision.fact(BlobView.LINKED_ANYWHERE, digest));
    if (!readable
        || decision.fact(BlobView.STORED, new BlobView.StoredIn(store, digest)).isEmpty()) {
      return false;
    }
    boolean linked = !decision.fact(BlobView.LINKED, blob());
    if (linked && !decision.fact(RepositoryView.EXISTS, repository)) {
      decision.append(new Event.RepositoryCreated(repository));
    }
    if (!linked) {
      decision.write(Leases.RENEWAL, blob());
    }
    decision.append(new Event.BlobMounted(repository, digest, from, linked));
    return true;
  }
}
