package dev.stele.registry;

import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.gc.Leases;
import dev.stele.log.Command;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.BlobView;
import dev.stele.projection.Member;
import dev.stele.projection.OrphanView;
import dev.stele.projection.RepositoryView;
import java.util.Optional;

/**
 * Records an upload whose bytes are durable in the store. The result says whether the log took
 * these bytes; if not, it had the content already and the caller discards them.
 *
 * @param objectKey where the new bytes lie
 * @param seen what the caller found when it looked at the object that the log has for this digest;
 *     empty if it has not looked, as where there is probably none
 * @param session that it arrived in, if it came in pieces
 */
record LinkBlob(
    Initiator initiator,
    RepositoryName repository,
    Digest digest,
    long size,
    String store,
    String objectKey,
    Optional<Seen> seen,
    Optional<FinishedUpload> session)
    implements Command<LinkBlob.Result> {
  /**
   * An object that somebody looked at.
   *
   * @param whole whether it is there and is what the log says
   */
  record Seen(String objectKey, boolean whole) {}

  /** What became of the new bytes. */
  sealed interface Result {
    /** The log has them, by the event at a position. */
    record Taken(long position) implements Result {}

    /** The log had the content already; the event at a position says that it came again. */
    record NotNeeded(long position) implements Result {}

    /**
     * The log has the content already, and nobody has looked whether that is so in the store.
     * Nothing happened: look at this object, and ask again.
     */
    record Look(BlobView.Located object) implements Result {}

    /** It took so long that they were given up as an orphan. */
    record GivenUp() implements Result {}
  }

  private Member<Digest> blob() {
    return new Member<>(repository, digest);
  }

  @Override
  public void needs(Needs needs) {
    needs.need(BlobView.STORED, new BlobView.StoredIn(store, digest));
    needs.need(OrphanView.SWEPT, new OrphanView.StoredUnder(store, objectKey));
    needs.need(BlobView.LINKED, blob());
    needs.repository(repository);
    needs.need(RepositoryView.EXISTS, repository);
  }

  @Override
  public Result decide(Decision decision) {
    Optional<BlobView.Located> present =
        decision.fact(BlobView.STORED, new BlobView.StoredIn(store, digest));
    if (present.isPresent()
        && !seen.map(Seen::objectKey).equals(present.map(BlobView.Located::objectKey))) {
      return new Result.Look(present.get());
    }
    boolean repairs = present.isPresent() && !seen.get().whole();
    boolean stored = present.isEmpty() || repairs;
    if (stored && decision.fact(OrphanView.SWEPT, new OrphanView.StoredUnder(store, objectKey))) {
      return new Result.GivenUp();
    }
    boolean linked = !decision.fact(BlobView.LINKED, blob());
    if (linked && !decision.fact(RepositoryView.EXISTS, repository)) {
      decision.append(new Event.RepositoryCreated(repository));
    }
    if (!linked) {
      decision.write(Leases.RENEWAL, blob());
    }
    long position =
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
    session.ifPresent(
        finished ->
            decision.write(
                FinishedUpload.MEMORY,
                new FinishedUpload.Finished(finished, repository, digest, decision.now())));
    return stored ? new Result.Taken(position) : new Result.NotNeeded(position);
  }
}
