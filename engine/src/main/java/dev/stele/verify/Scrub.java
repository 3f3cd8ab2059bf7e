package dev.stele.verify;

import dev.stele.blob.BlobStores;
import dev.stele.claim.Standing;
import dev.stele.claim.StoreClaims;
import dev.stele.event.EventCodec;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.projection.BlobView;
import dev.stele.projection.ProgressListener;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jdbi.v3.core.Jdbi;

/**
 * Reads every stored object and every manifest again and re-hashes them, looks for content that
 * manifests refer to and repositories lack, and records what it finds of objects: from then on an
 * object whose bytes are not its digest's counts as absent, so that an upload of the content
 * replaces it. Each problem of an object is recorded once, and an event also says when it is gone.
 */
public final class Scrub {
  /**
   * What was looked at, and how much was found wrong.
   *
   * @param documents manifests, also those that only the record has
   * @param bytes how many were read from the stores
   * @param damages findings that are damage
   * @param recorded how many of them, or of objects found intact again, were news to the log
   */
  public record Summary(long documents, long objects, long bytes, long damages, long recorded) {
    /** Whether everything is there and has its digest. */
    public boolean sound() {
      return damages == 0;
    }
  }

  private final Jdbi jdbi;
  private final BlobStores stores;
  private final boolean sparse;
  private final Function<Command<Boolean>, Boolean> lane;

  /**
   * @param sparse whether the registry accepts manifests whose content is missing
   * @param lane appends a command
   */
  public Scrub(
      Jdbi jdbi, BlobStores stores, boolean sparse, Function<Command<Boolean>, Boolean> lane) {
    this.jdbi = jdbi;
    this.stores = stores;
    this.sparse = sparse;
    this.lane = lane;
  }

  /**
   * Looks at everything once. It goes on after a finding, with the next store after one that is
   * another registry's or fails, which is a finding too.
   *
   * @param initiator who is recorded to have found it
   * @param bytesPerSecond how fast stored objects are read at most
   * @param findings is told of each finding as it is made
   * @param progress is told how far it is
   * @throws IOException if the thread was interrupted
   */
  public Summary run(
      Initiator initiator,
      long bytesPerSecond,
      Consumer<Finding> findings,
      ProgressListener progress)
      throws IOException {
    Counting counting = new Counting(initiator, findings);
    long documents =
        jdbi.withHandle(
            handle -> new LogCheck(new EventCodec(), counting).documents(handle, progress));
    Pace pace = Pace.bytesPerSecond(bytesPerSecond);
    for (BlobStores.Named store : stores.all()) {
      look(store, pace, counting, progress);
    }
    new ReferenceCheck(jdbi, stores, sparse, counting).run(progress);
    return new Summary(
        documents, counting.objects, pace.bytes(), counting.damages, counting.recorded);
  }

  /** What is another registry's is not ours to read, and would look as if all of it were gone. */
  private void look(BlobStores.Named store, Pace pace, Counting counting, ProgressListener progress)
      throws IOException {
    long before = counting.objects;
    Optional<String> refused;
    try {
      refused =
          new StoreClaims(jdbi, stores).standing(store) instanceof Standing.Refused(_, _, var why)
              ? Optional.of(why)
              : Optional.empty();
      if (refused.isEmpty()) {
        new StoreCheck(jdbi, store).recorded(Optional.of(pace), counting, progress);
      }
    } catch (IOException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
      refused = Optional.of(StoreCheck.reason(e));
    }
    refused.ifPresent(
        why ->
            counting.accept(
                new Finding.StoreNotLookedAt(store.name(), counting.objects - before, why)));
  }

  /** Counts, passes on and records. */
  private final class Counting implements Consumer<Finding>, StoreCheck.Observer {
    private final Initiator initiator;
    private final Consumer<Finding> findings;
    private long objects;
    private long damages;
    private long recorded;

    private Counting(Initiator initiator, Consumer<Finding> findings) {
      this.initiator = initiator;
      this.findings = findings;
    }

    @Override
    public void accept(Finding finding) {
      if (finding.damage()) {
        damages++;
      }
      findings.accept(finding);
    }

    @Override
    public void looked(BlobView.Located object, Optional<Finding.OfObject> finding) {
      objects++;
      finding.ifPresent(this);
      if (!object.problem().equals(finding.map(Finding.OfObject::problem))
          && lane.apply(new RecordCheck(initiator, object, finding))) {
        recorded++;
      }
    }
  }
}
