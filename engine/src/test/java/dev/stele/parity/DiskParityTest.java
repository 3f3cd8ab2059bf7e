package dev.stele.parity;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The contract on a local disk. */
class DiskParityTest extends ParityContract {
  @TempDir private Path folder;

  @Override
  protected ParityStorage openStorage() {
    return new ParityStorage.OnDisk(folder);
  }
}
