package dev.stele.registry;

import dev.stele.blob.BlobStores;
import dev.stele.claim.StoreClaims;
import dev.stele.claim.StoreRefusedException;
import dev.stele.log.LogReader;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jdbi.v3.core.Jdbi;

/** Whether the database and every store can be used now. Thread-safe. */
final class Readiness {
  /** A probe must know within seconds, however long a silent database is waited for elsewhere. */
  private static final Duration PATIENCE = Duration.ofSeconds(4);

  private final Inquiry<Long> database;
  private final BlobStores stores;
  private final StoreClaims claims;

  Readiness(Jdbi jdbi, BlobStores stores, StoreClaims claims) {
    this.database =
        new Inquiry<>("readiness", () -> Availability.read(jdbi, LogReader::nextPosition));
    this.stores = stores;
    this.claims = claims;
  }

  /**
   * Returns if all of it can be used.
   *
   * @throws RegistryUnavailableException saying what cannot, and why
   */
  void check() {
    try {
      Long _ = database.ask().get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new RegistryUnavailableException("the database does not answer", e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RegistryUnavailableException away
          ? away
          : new RegistryUnavailableException("the database cannot be used", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RegistryUnavailableException("the server is stopping", e);
    }
    for (BlobStores.Named store : stores.all()) {
      try {
        store.store().probe();
        // Of what has a marker that is another's, an alarm tells: there may be something to pull.
        Availability.<IOException>run(() -> claims.glance(store));
      } catch (StoreRefusedException e) {
        throw new RegistryUnavailableException(e.getMessage(), e);
      } catch (IOException e) {
        throw new RegistryUnavailableException(e.getMessage(), e);
      }
    }
  }
}
