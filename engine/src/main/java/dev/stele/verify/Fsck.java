package dev.stele.verify;

import dev.stele.blob.BlobStores;
import dev.stele.claim.Standing;
import dev.stele.claim.StoreClaims;
import dev.stele.event.EventCodec;
import java.io.IOException;
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
   * @throws IOException if a store cannot be used
   */
  public Summary run(boolean deep, Consumer<Finding> findings, CheckProgress progress)
      throws IOException {
    long[] counts = new long[2];
    Consumer<Finding> counted =
        finding -> {
          counts[finding.damage() ? 0 : 1]++;
          findings.accept(finding);
        };
    LogCheck log = new LogCheck(new EventCodec(), counted);
    long events = jdbi.withHandle(handle -> log.events(handle, progress));
    long documents = jdbi.withHandle(handle -> log.documents(handle, progress));
    long blobs = 0;
    long objects = 0;
    Optional<Pace> reading = deep ? Optional.of(Pace.unlimited()) : Optional.empty();
    StoreClaims claims = new StoreClaims(jdbi, stores);
    for (BlobStores.Named store : stores.all()) {
      if (claims.standing(store) instanceof Standing.Refused refused) {
        counted.accept(new Finding.StoreRefused(store.name(), refused.reason()));
      }
      StoreCheck check = new StoreCheck(jdbi, store);
      blobs += check.recorded(reading, (_, finding) -> finding.ifPresent(counted), progress);
      objects += check.orphans(counted, progress);
    }
    return new Summary(events, documents, blobs, objects, counts[0], counts[1]);
  }
}
