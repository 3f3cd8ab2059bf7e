package dev.stele.it;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

@OnBucket
final class JavaClientsOnBucketTest extends JavaClientsTest {
  JavaClientsOnBucketTest(RegistryClient client, @TempDir Path folder) {
    super(client, folder);
  }
}
