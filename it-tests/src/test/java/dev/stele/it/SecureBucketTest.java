package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.S3Endpoint;
import dev.stele.oci.Digest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A bucket over TLS, named in the host ({@code https://bucket.host/key}), with a certificate that
 * only the trust store of the test knows.
 */
class SecureBucketTest {
  private static final String HOST = "s3.example.test";
  private static final String PASSWORD = "changeit";

  @Test
  void blobsAreKeptInABucketOverTlsThatIsNamedInTheHost(@TempDir Path folder) throws Exception {
    Path keyStore = selfSigned(folder.resolve("keys.p12"));
    Path hosts = folder.resolve("hosts");
    Files.writeString(hosts, "127.0.0.1 %s %s.%s\n".formatted(HOST, SharedStorage.BUCKET, HOST));
    try (S3Endpoint endpoint = S3Endpoint.secure(HOST, keyStore, PASSWORD)) {
      endpoint.createBucket(SharedStorage.BUCKET);
      Map<String, String> environment = new HashMap<>(SharedStorage.bucket(endpoint.uri()));
      environment.put("STELE_STORES_DEFAULT_PATH_STYLE", "false");
      try (SteleProcess server =
          SteleProcess.start(
              folder.resolve("data"),
              environment,
              "-Djdk.net.hosts.file=" + hosts,
              "-Djavax.net.ssl.trustStore=" + keyStore,
              "-Djavax.net.ssl.trustStorePassword=" + PASSWORD)) {
        pushAndPull(server.client());
        server.stop();
      }
    }
  }

  private static void pushAndPull(RegistryClient client) {
    String repository = "secure/image";
    ImageFixture.Image image = SmallImages.image("over TLS");
    client.push(repository, "v1", image);
    assertThat(client.manifest(repository, "v1").bytes()).isEqualTo(image.manifest().bytes());
    // Of several parts.
    byte[] large = new byte[9 << 20];
    new Random(1).nextBytes(large);
    Digest digest = client.pushBlobChunked(repository, large, 3 << 20);
    assertThat(client.blob(repository, digest)).isEqualTo(large);
    assertThat(
            client
                .send("GET", RegistryClient.blobPath(repository, digest), "Range", "bytes=10-19")
                .body())
        .isEqualTo(Arrays.copyOfRange(large, 10, 20));
  }

  private static Path selfSigned(Path keyStore) throws Exception {
    Program keytool =
        new Program(
            Path.of(System.getProperty("java.home"), "bin", "keytool"), List.of(), Map.of());
    keytool.run(
        "-genkeypair",
        "-alias",
        "s3",
        "-keyalg",
        "EC",
        "-dname",
        "CN=" + HOST,
        "-ext",
        "SAN=dns:%s,dns:*.%s".formatted(HOST, HOST),
        "-validity",
        "30",
        "-storetype",
        "PKCS12",
        "-keystore",
        keyStore,
        "-storepass",
        PASSWORD);
    return keyStore;
  }
}
