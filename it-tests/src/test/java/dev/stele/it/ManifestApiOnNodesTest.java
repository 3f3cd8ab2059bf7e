package dev.stele.it;

@OnNodes
final class ManifestApiOnNodesTest extends ManifestApiTest {
  ManifestApiOnNodesTest(RegistryClient client) {
    super(client);
  }
}
