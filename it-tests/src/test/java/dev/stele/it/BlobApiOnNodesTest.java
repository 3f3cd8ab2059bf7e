package dev.stele.it;

@OnNodes
final class BlobApiOnNodesTest extends BlobApiTest {
  BlobApiOnNodesTest(RegistryClient client) {
    super(client);
  }
}
