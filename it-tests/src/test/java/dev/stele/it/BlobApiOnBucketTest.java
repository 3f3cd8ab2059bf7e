package dev.stele.it;

@OnBucket
final class BlobApiOnBucketTest extends BlobApiTest {
  BlobApiOnBucketTest(RegistryClient client) {
    super(client);
  }
}
