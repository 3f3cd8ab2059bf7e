package dev.stele.it;

import static dev.stele.it.ErrorAnswers.assertBlamesRequest;
import static dev.stele.it.ErrorAnswers.assertError;
import static dev.stele.it.RegistryClient.blobPath;
import static dev.stele.it.RegistryClient.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reading and deleting blobs, as the distribution specification and its clients expect it. */
@ExtendWith(SharedServer.class)
class BlobApiTest {
  private static final String REPOSITORY = "api/blobs";
  private static final Digest UNKNOWN =
      Digest.of(Digest.Algorithm.SHA256, "never pushed".getBytes(UTF_8));

  private final RegistryClient client;

  BlobApiTest(RegistryClient client) {
    this.client = client;
  }

  private static byte[] bytes(int size, long seed) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  @Test
  void theBaseAnswers200AndNamesTheProtocol() {
    HttpResponse<byte[]> answer = client.send("GET", "/v2/");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(header(answer, "Docker-Distribution-API-Version")).isEqualTo("registry/2.0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "HEAD"})
  void aBlobIsServedWithItsDigestLengthTypeAndETag(String method) {
    byte[] content = bytes(70_000, 1);
    Digest digest = client.pushBlob(REPOSITORY, content);
    HttpResponse<byte[]> answer = client.send(method, blobPath(REPOSITORY, digest));
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(header(answer, "Docker-Content-Digest")).isEqualTo(digest.toString());
    assertThat(header(answer, "Content-Length")).isEqualTo("70000");
    assertThat(header(answer, "Content-Type")).isEqualTo("application/octet-stream");
    assertThat(header(answer, "ETag")).isEqualTo('"' + digest.toString() + '"');
    assertThat(answer.body()).isEqualTo(method.equals("GET") ? content : new byte[0]);
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "HEAD"})
  void aMatchingETagIsAnswered304AndAnotherIsNot(String method) {
    Digest digest = client.pushBlob(REPOSITORY, bytes(100, 2));
    String path = blobPath(REPOSITORY, digest);
    String etag = header(client.send("GET", path), "ETag");
    HttpResponse<byte[]> same = client.send(method, path, "If-None-Match", etag);
    assertThat(same.statusCode()).isEqualTo(304);
    assertThat(same.body()).isEmpty();
    assertThat(client.send(method, path, "If-None-Match", "\"x\", " + etag).statusCode())
        .isEqualTo(304);
    assertThat(client.send(method, path, "If-None-Match", "\"x\"").statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({
    "bytes=0-0, 0, 1",
    "bytes=10-19, 10, 20",
    "bytes=990-, 990, 1000",
    "bytes=-7, 993, 1000",
    "bytes=900-5000, 900, 1000"
  })
  void aRangeIsAnswered206WithExactlyTheseBytes(String range, int from, int to) {
    byte[] content = bytes(1000, 3);
    Digest digest = client.pushBlob(REPOSITORY, content);
    HttpResponse<byte[]> answer = client.send("GET", blobPath(REPOSITORY, digest), "Range", range);
    assertThat(answer.statusCode()).isEqualTo(206);
    assertThat(header(answer, "Content-Range"))
        .isEqualTo("bytes %d-%d/1000".formatted(from, to - 1));
    assertThat(header(answer, "Content-Length")).isEqualTo(String.valueOf(to - from));
    assertThat(answer.body()).isEqualTo(Arrays.copyOfRange(content, from, to));
  }

  @ParameterizedTest
  @ValueSource(strings = {"bytes=1000-", "bytes=5000-10000", "bytes=500-0", "bytes=-0"})
  void aRangeWithoutAByteOfTheBlobIsAnswered416(String range) {
    Digest digest = client.pushBlob(REPOSITORY, bytes(1000, 3));
    HttpResponse<byte[]> answer = client.send("GET", blobPath(REPOSITORY, digest), "Range", range);
    assertThat(answer.statusCode()).isEqualTo(416);
    assertThat(header(answer, "Content-Range")).isEqualTo("bytes */1000");
  }

  @Test
  void anEmptyBlobIsABlob() {
    Digest digest = client.pushBlob(REPOSITORY, new byte[0]);
    HttpResponse<byte[]> answer = client.send("GET", blobPath(REPOSITORY, digest));
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(header(answer, "Content-Length")).isEqualTo("0");
    assertThat(answer.body()).isEmpty();
  }

  @Test
  void anUnknownBlobIs404AndSoIsOneOfAnotherRepository() {
    assertError(client.send("GET", blobPath(REPOSITORY, UNKNOWN)), 404, "BLOB_UNKNOWN");
    Digest elsewhere = client.pushBlob("api/blobs-elsewhere", bytes(64, 4));
    assertError(client.send("GET", blobPath(REPOSITORY, elsewhere)), 404, "BLOB_UNKNOWN");
    assertThat(client.hasBlob(REPOSITORY, elsewhere)).isFalse();
    assertError(
        client.send("GET", blobPath("api/nobody", UNKNOWN)), 404, "BLOB_UNKNOWN", "NAME_UNKNOWN");
  }

  @Test
  void aDeletedBlobIsGoneAtOnceHereAndOnlyHere() {
    byte[] content = bytes(300, 5);
    Digest digest = client.pushBlob("api/blobs-delete", content);
    client.pushBlob("api/blobs-keep", content);
    String path = blobPath("api/blobs-delete", digest);
    assertThat(client.send("DELETE", path).statusCode()).isEqualTo(202);
    assertError(client.send("GET", path), 404, "BLOB_UNKNOWN");
    assertThat(client.send("HEAD", path).statusCode()).isEqualTo(404);
    assertError(client.send("DELETE", path), 404, "BLOB_UNKNOWN");
    assertThat(client.blob("api/blobs-keep", digest)).isEqualTo(content);
    client.pushBlob("api/blobs-delete", content);
    assertThat(client.blob("api/blobs-delete", digest)).isEqualTo(content);
  }

  @Test
  void aBlobThatAManifestUsesIsNotDeleted() {
    ImageFixture.Image image = SmallImages.image("blob in use");
    client.push("api/blobs-used", "v1", image);
    List<Content> used = new ArrayList<>(image.layers());
    used.add(image.config());
    for (Content content : used) {
      String path = blobPath("api/blobs-used", content.digest());
      assertBlamesRequest(client.send("DELETE", path));
      assertThat(client.blob("api/blobs-used", content.digest())).isEqualTo(content.bytes());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sha256:abc",
        "sha256:",
        "sha256",
        "md5:d41d8cd98f00b204e9800998ecf8427e",
        "SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8550",
        "%ff%fe",
        "..%2f..%2fetc%2fpasswd"
      })
  void aMalformedDigestIsRefused(String digest) {
    for (String method : new String[] {"GET", "DELETE"}) {
      assertBlamesRequest(client.send(method, "/v2/" + REPOSITORY + "/blobs/" + digest));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"UPPER", "a..b", "a__-b", "-a", "a/", "a%2f..%2fb", "%ff", "a%00b", "ä"})
  void aMalformedNameIsRefused(String name) {
    String encoded = name.replace("ä", "%C3%A4");
    assertBlamesRequest(client.send("GET", "/v2/" + encoded + "/blobs/" + UNKNOWN));
    assertBlamesRequest(client.send("POST", "/v2/" + encoded + "/blobs/uploads/"));
    assertBlamesRequest(client.send("GET", "/v2/" + encoded + "/tags/list"));
  }

  @Test
  void anUnknownPathIsNotAServerError() {
    for (String path :
        new String[] {"/v2/x", "/v2/x/y/z", "/v2/a/blobs", "/nothing", "/v2/a/manifests/"}) {
      assertThat(client.send("GET", path).statusCode()).as(path).isBetween(400, 499);
    }
    assertThat(client.send("POST", "/v2/").statusCode()).isBetween(400, 499);
    assertThat(client.send("PATCH", blobPath(REPOSITORY, UNKNOWN)).statusCode())
        .isBetween(400, 499);
  }
}
