package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.S3Endpoint;
import dev.stele.oci.Digest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With {@code redirect}, clients get the bytes of blobs from the bucket itself. */
class RedirectTest {
  @TempDir private static Path folder;
  private static S3Endpoint endpoint;
  private static SteleProcess server;
  private static RegistryClient client;

  @BeforeAll
  static void start() throws Exception {
    endpoint = new S3Endpoint();
    endpoint.createBucket("images");
    server =
        SteleProcess.start(
            folder.resolve("data"),
            Map.of(
                "STELE_STORES_DEFAULT_TYPE",
                "s3",
                "STELE_STORES_DEFAULT_ENDPOINT",
                endpoint.uri().toString(),
                "STELE_STORES_DEFAULT_BUCKET",
                "images",
                "STELE_STORES_DEFAULT_ACCESS_KEY",
                S3Endpoint.CREDENTIALS.accessKey(),
                "STELE_STORES_DEFAULT_SECRET_KEY",
                S3Endpoint.CREDENTIALS.secretKey(),
                "STELE_STORES_DEFAULT_REDIRECT",
                "true"));
    client = server.client();
  }

  @AfterAll
  static void stop() throws IOException, InterruptedException {
    server.close();
    endpoint.close();
  }

  @Test
  void getIsRedirectedAndHeadIsNot() throws Exception {
    byte[] bytes = new byte[100_000];
    new Random(1).nextBytes(bytes);
    Digest digest = client.pushBlob("redirect/blob", bytes);
    String path = RegistryClient.blobPath("redirect/blob", digest);

    HttpResponse<byte[]> redirect = client.send("GET", path);
    assertThat(redirect.statusCode()).isEqualTo(307);
    assertThat(RegistryClient.header(redirect, "Docker-Content-Digest"))
        .isEqualTo(digest.toString());
    assertThat(RegistryClient.header(redirect, "Cache-Control")).isEqualTo("no-store");
    assertThat(redirect.body()).isEmpty();
    String location = RegistryClient.header(redirect, "Location");
    assertThat(location).startsWith(endpoint.uri() + "/images/objects/");
    try (HttpClient anybody = HttpClient.newHttpClient()) {
      HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(location));
      assertThat(anybody.send(request.build(), BodyHandlers.ofByteArray()).body()).isEqualTo(bytes);
      HttpResponse<byte[]> part =
          anybody.send(request.header("Range", "bytes=10-19").build(), BodyHandlers.ofByteArray());
      assertThat(part.statusCode()).isEqualTo(206);
      assertThat(part.body()).isEqualTo(Arrays.copyOfRange(bytes, 10, 20));
    }

    HttpResponse<byte[]> head = client.send("HEAD", path);
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(RegistryClient.header(head, "Content-Length")).isEqualTo("100000");
    assertThat(client.send("GET", path, "If-None-Match", "\"" + digest + "\"").statusCode())
        .isEqualTo(304);
  }

  @Test
  void whatIsNotInTheBucketIsAnsweredHere() throws Exception {
    ImageFixture.Image image = ImageFixture.image(11);
    client.push("redirect/manifest", "v1", image);
    HttpResponse<byte[]> manifest =
        client.send("GET", RegistryClient.blobPath("redirect/manifest", image.manifest().digest()));
    assertThat(manifest.statusCode()).isEqualTo(200);
    assertThat(manifest.body()).isEqualTo(image.manifest().bytes());
    Digest unknown = Digest.of(Digest.Algorithm.SHA256, new byte[] {9});
    assertThat(
            client.send("GET", RegistryClient.blobPath("redirect/manifest", unknown)).statusCode())
        .isEqualTo(404);
  }

  @Test
  void skopeoFollows() throws Exception {
    Program skopeo = Program.onPath("skopeo").with("--insecure-policy");
    ImageFixture.Image image = ImageFixture.image(12);
    Path in = folder.resolve("in");
    ImageFixture.writeLayout(in, "v1", image.manifest(), image.contents());
    String remote = "docker://" + server.base().getAuthority() + "/redirect/image:v1";
    skopeo.run("copy", "--dest-tls-verify=false", "oci:" + in + ":v1", remote);
    Path out = folder.resolve("out");
    skopeo.run("copy", "--src-tls-verify=false", remote, "oci:" + out + ":v1");
    for (Content content : image.contents()) {
      assertThat(out.resolve("blobs/sha256").resolve(content.digest().hex()))
          .hasBinaryContent(content.bytes());
    }
    assertThat(client.metrics())
        .anyMatch(
            line ->
                line.startsWith(
                    "stele_http_requests_seconds_count{method=\"GET\",route=\"/v2/{name}/blobs/{digest}\",status=\"307\"}"));
  }
}
