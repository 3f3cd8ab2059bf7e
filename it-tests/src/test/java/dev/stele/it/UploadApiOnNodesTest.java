package dev.stele.it;

@OnNodes
final class UploadApiOnNodesTest extends UploadApiTest {
  UploadApiOnNodesTest(RegistryClient client) {
    super(client);
  }
}
