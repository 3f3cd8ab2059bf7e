package dev.stele.parity;

import java.io.IOException;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Timeout;

/**
 * What a registry does, whatever keeps its blobs: the rows of the storage contract, by their
 * numbers, each a test that talks to the engine as an embedding program does. A line runs it on a
 * kind of store.
 *
 * <p>{@code ParityContractTest} shows that it notices a store that does nothing.
 */
@Timeout(120)
public abstract class ParityContract {
  /** A kind of store, with nothing in it. */
  protected abstract ParityStorage openStorage() throws IOException;

  @Nested
  class Repositories extends RepositoryRows {
    Repositories() {
      super(ParityContract.this::openStorage);
    }
  }

  @Nested
  class Uploads extends UploadRows {
    Uploads() {
      super(ParityContract.this::openStorage);
    }
  }

  @Nested
  class Manifests extends ManifestRows {
    Manifests() {
      super(ParityContract.this::openStorage);
    }
  }

  @Nested
  class Collecting extends CollectingRows {
    Collecting() {
      super(ParityContract.this::openStorage);
    }
  }

  @Nested
  class Blobs extends BlobRows {
    Blobs() {
      super(ParityContract.this::openStorage);
    }
  }

  @Nested
  class References extends ReferenceRows {
    References() {
      super(ParityContract.this::openStorage);
    }
  }

  @Nested
  class Corruption extends CorruptionRows {
    Corruption() {
      super(ParityContract.this::openStorage);
    }
  }

  @Nested
  class Ownership extends OwnershipRows {
    Ownership() {
      super(ParityContract.this::openStorage);
    }
  }

  @Nested
  class Stores extends StoreRows {
    Stores() {
      super(ParityContract.this::openStorage);
    }
  }
}
