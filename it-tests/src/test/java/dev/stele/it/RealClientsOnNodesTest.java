package dev.stele.it;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

@OnNodes
final class RealClientsOnNodesTest extends RealClientsTest {
  RealClientsOnNodesTest(RegistryClient client, @TempDir Path folder) {
    super(client, folder);
  }
}
