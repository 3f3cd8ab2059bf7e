package dev.stele.it;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

@OnNodes
final class JavaClientsOnNodesTest extends JavaClientsTest {
  JavaClientsOnNodesTest(RegistryClient client, @TempDir Path folder) {
    super(client, folder);
  }
}
