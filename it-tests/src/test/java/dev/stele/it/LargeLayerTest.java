package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import java.io.InputStream;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * A layer much larger than the server's heap. Its size in bytes is the system property {@code
 * stele.test.large-layer}, 512 MiB where it is not set.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LargeLayerTest {
  private static final long SIZE = Long.getLong("stele.test.large-layer", 512L << 20);
  private static final String REPOSITORY = "large/layer";

  private SteleProcess server;
  private RegistryClient client;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    // Only code that is compiled thoroughly has the processor hash.
    server = SteleProcess.start(folder.resolve("data"), "-Xmx256m", "-XX:TieredStopAtLevel=4");
    client = server.client();
  }

  @AfterAll
  void stop() throws Exception {
    try {
      server.stop();
    } finally {
      server.close();
    }
  }

  private void assertServed(Digest digest) {
    HttpResponse<InputStream> answer = client.blobStream(REPOSITORY, digest);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(RegistryClient.header(answer, "Content-Length")).isEqualTo(String.valueOf(SIZE));
    assertThat(GeneratedStream.digest(answer.body())).isEqualTo(digest);
  }

  @Test
  void goesInByAStreamedPatchAndComesOutWhole() {
    MessageDigest hasher = Digest.Algorithm.SHA256.newHasher();
    HttpResponse<byte[]> patched =
        client.send(
            "PATCH",
            client.startUpload(REPOSITORY),
            BodyPublishers.ofInputStream(
                () -> new DigestInputStream(new GeneratedStream(1, SIZE), hasher)),
            "Content-Type",
            RegistryClient.OCTETS);
    assertThat(patched.statusCode()).isEqualTo(202);
    assertThat(RegistryClient.header(patched, "Range")).isEqualTo("0-" + (SIZE - 1));
    Digest digest = Digest.ofHash(Digest.Algorithm.SHA256, hasher.digest());
    String finish =
        RegistryClient.withQuery(
            RegistryClient.header(patched, "Location"), "digest", digest.toString());
    assertThat(client.send("PUT", finish).statusCode()).isEqualTo(201);
    assertServed(digest);
  }

  @Test
  void goesInByOnePutAndComesOutWhole() {
    Digest digest = GeneratedStream.digest(2, SIZE);
    String location =
        RegistryClient.withQuery(client.startUpload(REPOSITORY), "digest", digest.toString());
    BodyPublisher body =
        BodyPublishers.fromPublisher(
            BodyPublishers.ofInputStream(() -> new GeneratedStream(2, SIZE)), SIZE);
    HttpResponse<byte[]> put =
        client.send("PUT", location, body, "Content-Type", RegistryClient.OCTETS);
    assertThat(put.statusCode()).isEqualTo(201);
    assertThat(RegistryClient.header(put, "Docker-Content-Digest")).isEqualTo(digest.toString());
    assertServed(digest);
  }
}
