package dev.stele.verify;

import dev.stele.blob.BlobStores;
import dev.stele.claim.Standing;
import dev.stele.claim.StoreClaims;
import dev.stele.event.EventCodec;
import dev.stele.projection.ProgressListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.function.Consumer;
import org.jdbi.v3.core.Jdbi;

/**
 * Checks the log, and the log against the stores, also beside a running registry. Changes nothing.
 * Thread-safe.
 */
public final class Fsck {
  /** What was looked at, and how much was found wrong. */
  public record Summary(
      long events, long documents, long blobs, long objects, long damages, long orphans) {
    /** Whether everything that the log promises is there. */
    public boolean sound() {
      return damages == 0;
    }
  }

  private final Jdbi jdbi;
  private final BlobStores stores;

  public Fsck(Jdbi jdbi, BlobStores stores) {
    this.jdbi = jdbi;
    this.stores = stores;
  }

  /**
   * Runs all checks.
   *
   * @param deep whether to read every stored object whole and re-hash it
   * @param findings is told of each finding as it is made
   * @param progress is told how far it is
   * @throws IOException if the thread was interrupted
   */
  public Summary run(boolean deep, Consumer<Finding> findings, ProgressListener progress)
      throws IOException {
    long[] counts = new long[4];
    Consumer<Finding> counted =
        finding -> {
          counts[finding.damage() ? 0 : 1]++;
          findings.accept(finding);
        };
    LogCheck log = new LogCheck(new EventCodec(), counted);
    long events = jdbi.withHandle(handle -> log.events(handle, progress));
    long documents = jdbi.withHandle(handle -> log.documents(handle, progress));
    Optional<Pace> reading = deep ? Optional.of(Pace.unlimited()) : Optional.empty();
    StoreClaims claims = new StoreClaims(jdbi, stores);
    for (BlobStores.Named store : stores.all()) {
      long before = counts[2];
      try {
        if (claims.standing(store) instanceof Standing.Refused refused) {
          counted.accept(new Finding.StoreRefused(store.name(), refused.reason()));
        }
        StoreCheck check = new StoreCheck(jdbi, store);
        check.recorded(
            reading,
            (_, finding) -> {
              counts[2]++;
              finding.ifPresent(counted);
            },
            progress);
        counts[3] += check.orphans(counted, progress);
      } catch (IOException | UncheckedIOException e) {
        if (Thread.currentThread().isInterrupted()) {
          throw e;
        }
        counted.accept(
            new Finding.StoreNotLookedAt(store.name(), counts[2] - before, StoreCheck.reason(e)));
      }
    }
    return new Summary(events, documents, counts[2], counts[3], counts[0], counts[1]);
  }
}
