package dev.stele.it;

@OnNodes
final class ListingApiOnNodesTest extends ListingApiTest {
  ListingApiOnNodesTest(RegistryClient client) {
    super(client);
  }
}
