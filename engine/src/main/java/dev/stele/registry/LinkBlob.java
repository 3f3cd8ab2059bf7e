package dev.stele.registry;

import dev.stele.event.ActorId;
import dev.stele.event.Event;
import dev.stele.log.Command;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.BlobView;
import dev.stele.projection.RepositoryView;
import java.util.Optional;

/**
 * Records an upload whose bytes are durable in the store. The result says whether the log took
 * these bytes; if not, it had the content already and the caller discards them.
 *
 * @param objectKey where the new bytes lie
 * @param damagedKey the object that the log has for this digest, if the caller found it damaged or
 *     gone
 */
record LinkBlob(
    ActorId actor,
    String requestId,
    RepositoryName repository,
    Digest digest,
    long size,
    String store,
    String objectKey,
    Optional<String> damagedKey)
    implements Command<Boolean> {

  @Override
  public Boolean decide(Decision decision) {
    Optional<BlobView.Located> present = BlobView.stored(decision.handle(), digest, store);
    boolean repairs =
        present.isPresent() && damagedKey.equals(present.map(BlobView.Located::objectKey));
    boolean stored = present.isEmpty() || repairs;
    boolean linked = !BlobView.linked(decision.handle(), repository, digest);
    if (linked && !RepositoryView.exists(decision.handle(), repository)) {
      decision.append(new Event.RepositoryCreated(repository));
    }
    decision.append(
        new Event.BlobUploaded(
            repository,
            digest,
            size,
            store,
            stored ? objectKey : present.get().objectKey(),
            stored,
            linked));
    if (repairs) {
      decision.append(new Event.BlobRepaired(repository, digest, store, present.get().objectKey()));
    }
    return stored;
  }
}
