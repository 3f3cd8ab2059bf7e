package dev.stele.parity;

import dev.stele.blob.S3Endpoint;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The contract on buckets. */
class S3ParityTest extends ParityContract {
  private static S3Endpoint endpoint;

  @BeforeAll
  static void start() throws IOException {
    endpoint = new S3Endpoint();
  }

  @AfterAll
  static void stop() throws IOException {
    endpoint.close();
  }

  @Override
  protected ParityStorage openStorage() {
    return new ParityStorage.OnBucket(endpoint);
  }
}
