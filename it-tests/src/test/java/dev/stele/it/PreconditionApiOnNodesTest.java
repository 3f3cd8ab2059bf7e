package dev.stele.it;

@OnNodes
final class PreconditionApiOnNodesTest extends PreconditionApiTest {
  PreconditionApiOnNodesTest(RegistryClient client) {
    super(client);
  }
}
