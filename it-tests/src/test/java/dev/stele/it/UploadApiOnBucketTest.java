package dev.stele.it;

@OnBucket
final class UploadApiOnBucketTest extends UploadApiTest {
  UploadApiOnBucketTest(RegistryClient client) {
    super(client);
  }
}
