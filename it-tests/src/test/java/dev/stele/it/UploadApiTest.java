package dev.stele.it;

import static dev.stele.it.ErrorAnswers.assertBlamesRequest;
import static dev.stele.it.ErrorAnswers.assertError;
import static dev.stele.it.RegistryClient.OCTETS;
import static dev.stele.it.RegistryClient.header;
import static dev.stele.it.RegistryClient.uploads;
import static dev.stele.it.RegistryClient.withQuery;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Uploading blobs in every way that the distribution specification knows, and in wrong ways. */
@ExtendWith(SharedServer.class)
class UploadApiTest {
  private static final String REPOSITORY = "api/uploads";

  private final RegistryClient client;

  UploadApiTest(RegistryClient client) {
    this.client = client;
  }

  private static byte[] bytes(int size, long seed) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static Digest digest(byte[] bytes) {
    return Digest.of(Digest.Algorithm.SHA256, bytes);
  }

  private HttpResponse<byte[]> patch(String location, byte[] chunk, String... headers) {
    String[] all = Arrays.copyOf(new String[] {"Content-Type", OCTETS}, 2 + headers.length);
    System.arraycopy(headers, 0, all, 2, headers.length);
    return client.send("PATCH", location, chunk, all);
  }

  private HttpResponse<byte[]> finish(String location, String digest, byte[] last) {
    return client.send("PUT", withQuery(location, "digest", digest), last, "Content-Type", OCTETS);
  }

  @Test
  void anUploadBeginsWithLocationIdAndRange() {
    HttpResponse<byte[]> answer = client.send("POST", uploads(REPOSITORY));
    assertThat(answer.statusCode()).isEqualTo(202);
    assertThat(header(answer, "Location")).contains("/v2/" + REPOSITORY + "/blobs/uploads/");
    assertThat(header(answer, "Docker-Upload-UUID")).isNotEmpty();
    assertThat(header(answer, "Range")).isEqualTo("0-0");
  }

  @Test
  void aFinishedUploadSaysWhereTheBlobIs() {
    byte[] content = bytes(5000, 1);
    HttpResponse<byte[]> answer =
        finish(client.startUpload(REPOSITORY), digest(content).toString(), content);
    assertThat(answer.statusCode()).isEqualTo(201);
    assertThat(header(answer, "Docker-Content-Digest")).isEqualTo(digest(content).toString());
    HttpResponse<byte[]> blob = client.send("GET", header(answer, "Location"));
    assertThat(blob.statusCode()).isEqualTo(200);
    assertThat(blob.body()).isEqualTo(content);
  }

  @Test
  void aSinglePostUploadsAWholeBlob() {
    byte[] content = bytes(5000, 2);
    HttpResponse<byte[]> answer =
        client.send(
            "POST",
            withQuery(uploads(REPOSITORY), "digest", digest(content).toString()),
            content,
            "Content-Type",
            OCTETS);
    assertThat(answer.statusCode()).isEqualTo(201);
    assertThat(header(answer, "Docker-Content-Digest")).isEqualTo(digest(content).toString());
    assertThat(client.blob(REPOSITORY, digest(content))).isEqualTo(content);
  }

  @Test
  void aBlobOfUnknownLengthIsStreamed() {
    byte[] content = bytes(3_000_000, 3);
    client.pushBlobStreamed(REPOSITORY, digest(content), () -> new ByteArrayInputStream(content));
    assertThat(client.blob(REPOSITORY, digest(content))).isEqualTo(content);
  }

  @Test
  void aBlobIsUploadedInChunks() {
    byte[] content = bytes(100_001, 4);
    client.pushBlobChunked(REPOSITORY, content, 10_000);
    assertThat(client.blob(REPOSITORY, digest(content))).isEqualTo(content);
  }

  @Test
  void theFinishingPutMayCarryTheLastChunk() {
    byte[] content = bytes(1000, 5);
    HttpResponse<byte[]> patched =
        patch(
            client.startUpload(REPOSITORY), Arrays.copyOf(content, 600), "Content-Range", "0-599");
    HttpResponse<byte[]> answer =
        client.send(
            "PUT",
            withQuery(header(patched, "Location"), "digest", digest(content).toString()),
            Arrays.copyOfRange(content, 600, 1000),
            "Content-Type",
            OCTETS,
            "Content-Range",
            "600-999");
    assertThat(answer.statusCode()).isEqualTo(201);
    assertThat(client.blob(REPOSITORY, digest(content))).isEqualTo(content);
  }

  @Test
  void theStatusAnswers204WithTheRangeReceivedAlsoWithADigestAppended() {
    String location = client.startUpload(REPOSITORY);
    HttpResponse<byte[]> patched = patch(location, bytes(600, 6));
    assertThat(patched.statusCode()).isEqualTo(202);
    assertThat(header(patched, "Range")).isEqualTo("0-599");
    location = header(patched, "Location");
    for (String asked :
        new String[] {location, withQuery(location, "digest", digest(bytes(600, 6)).toString())}) {
      HttpResponse<byte[]> status = client.send("GET", asked);
      assertThat(status.statusCode()).isEqualTo(204);
      assertThat(header(status, "Range")).isEqualTo("0-599");
      assertThat(header(status, "Location")).contains("/blobs/uploads/");
    }
    HttpResponse<byte[]> second = patch(location, bytes(400, 7));
    assertThat(header(second, "Range")).isEqualTo("0-999");
  }

  /**
   * Sends the head of a request and a part of its body, and breaks the connection off when the
   * server is receiving.
   */
  private void breakOff(String method, String location, byte[] part, String... headers)
      throws IOException, InterruptedException {
    URI server = URI.create("http://" + client.authority());
    try (Socket socket = new Socket(server.getHost(), server.getPort())) {
      String head =
          "%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n\r\n"
              .formatted(
                  method,
                  location.replaceFirst("^http://[^/]*", ""),
                  client.authority(),
                  String.join("\r\n", headers));
      socket.getOutputStream().write(head.getBytes(UTF_8));
      socket.getOutputStream().write(part);
      socket.getOutputStream().flush();
      for (int tries = 0; header(client.send("GET", location), "Range").equals("0-0"); tries++) {
        assertThat(tries).isLessThan(1000);
        Thread.sleep(10);
      }
    }
  }

  /** Repeats a request until the server has noticed that the one before broke off. */
  private static HttpResponse<byte[]> onceFree(Supplier<HttpResponse<byte[]>> request)
      throws InterruptedException {
    HttpResponse<byte[]> answer = request.get();
    for (int tries = 0; answer.statusCode() == 409 && tries < 1000; tries++) {
      Thread.sleep(10);
      answer = request.get();
    }
    return answer;
  }

  @Test
  void aChunkThatBrokeOffKeepsWhatArrivedAndTheStatusSaysWhereToGoOn() throws Exception {
    byte[] content = bytes(3_000_000, 9);
    String location = client.startUpload(REPOSITORY);
    byte[] begun = Arrays.copyOf(content, 2_000_000);
    breakOff("PATCH", location, begun, "Content-Range: 0-2999999", "Content-Length: 3000000");
    byte[] rest = Arrays.copyOfRange(content, 2_000_000, 3_000_000);
    HttpResponse<byte[]> again =
        onceFree(() -> patch(location, content, "Content-Range", "0-2999999"));
    if (again.statusCode() != 202) { // as at another node, which did not wait for the first
      assertThat(again.statusCode()).isEqualTo(416);
      assertThat(header(again, "Range")).isEqualTo("0-1999999");
      assertThat(header(client.send("GET", location), "Range")).isEqualTo("0-1999999");
      HttpResponse<byte[]> patched =
          onceFree(() -> patch(location, rest, "Content-Range", "2000000-2999999"));
      assertThat(patched.statusCode()).isEqualTo(202);
    }
    // The node of the first request may still be at its end, and others than that have answered
    // since.
    HttpResponse<byte[]> finished =
        onceFree(() -> finish(location, digest(content).toString(), new byte[0]));
    assertThat(finished.statusCode()).isEqualTo(201);
    assertThat(client.blob(REPOSITORY, digest(content))).isEqualTo(content);
  }

  @Test
  void aFinishingPutThatBrokeOffCanBeSentAgainAsItWas() throws Exception {
    byte[] content = bytes(3_000_000, 10);
    String location = client.startUpload(REPOSITORY);
    String finishing = withQuery(location, "digest", digest(content).toString());
    breakOff("PUT", finishing, Arrays.copyOf(content, 2_000_000), "Content-Length: 3000000");
    HttpResponse<byte[]> finished =
        onceFree(() -> finish(location, digest(content).toString(), content));
    assertThat(finished.statusCode()).isEqualTo(201);
    assertThat(client.blob(REPOSITORY, digest(content))).isEqualTo(content);
  }

  @Test
  void aChunkOutOfOrderIsAnswered416AndTheUploadGoesOn() {
    byte[] content = bytes(1000, 8);
    byte[] first = Arrays.copyOf(content, 500);
    byte[] second = Arrays.copyOfRange(content, 500, 1000);
    String location = client.startUpload(REPOSITORY);
    assertThat(patch(location, second, "Content-Range", "500-999").statusCode()).isEqualTo(416);
    HttpResponse<byte[]> patched = patch(location, first, "Content-Range", "0-499");
    assertThat(patched.statusCode()).isEqualTo(202);
    location = header(patched, "Location");
    assertThat(patch(location, first, "Content-Range", "0-499").statusCode()).isEqualTo(416);
    HttpResponse<byte[]> status = client.send("GET", location);
    assertThat(status.statusCode()).isEqualTo(204);
    assertThat(header(status, "Range")).isEqualTo("0-499");
    patched = patch(header(status, "Location"), second, "Content-Range", "500-999");
    assertThat(patched.statusCode()).isEqualTo(202);
    HttpResponse<byte[]> finished =
        finish(header(patched, "Location"), digest(content).toString(), new byte[0]);
    assertThat(finished.statusCode()).isEqualTo(201);
    assertThat(client.blob(REPOSITORY, digest(content))).isEqualTo(content);
  }

  @Test
  void aLastChunkOutOfOrderIsAnswered416() {
    byte[] content = bytes(1000, 9);
    HttpResponse<byte[]> patched = patch(client.startUpload(REPOSITORY), content);
    HttpResponse<byte[]> answer =
        client.send(
            "PUT",
            withQuery(header(patched, "Location"), "digest", digest(content).toString()),
            bytes(10, 1),
            "Content-Type",
            OCTETS,
            "Content-Range",
            "500-509");
    assertThat(answer.statusCode()).isEqualTo(416);
  }

  @ParameterizedTest
  @ValueSource(strings = {"5-1", "a-b", "0", "-", "0-99999999999999999999", "bytes"})
  void aMalformedContentRangeIsRefused(String range) {
    HttpResponse<byte[]> answer =
        patch(client.startUpload(REPOSITORY), bytes(10, 1), "Content-Range", range);
    assertThat(answer.statusCode()).isIn(400, 416);
  }

  @Test
  void aWrongDigestIsAnswered400AndNothingIsLinked() {
    byte[] content = bytes(700, 10);
    Digest wrong = digest("other bytes, same claim".getBytes(UTF_8));
    String monolithic = client.startUpload(REPOSITORY);
    assertError(finish(monolithic, wrong.toString(), content), 400, "DIGEST_INVALID");
    String streamed = header(patch(client.startUpload(REPOSITORY), content), "Location");
    assertError(finish(streamed, wrong.toString(), new byte[0]), 400, "DIGEST_INVALID");
    HttpResponse<byte[]> single =
        client.send(
            "POST",
            withQuery(uploads(REPOSITORY), "digest", wrong.toString()),
            content,
            "Content-Type",
            OCTETS);
    assertError(single, 400, "DIGEST_INVALID");
    assertThat(client.hasBlob(REPOSITORY, wrong)).isFalse();
    assertThat(client.hasBlob(REPOSITORY, digest(content))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"sha256:abc", "nonsense", "md5:d41d8cd98f00b204e9800998ecf8427e", ""})
  void aMalformedDigestAtTheEndIsRefused(String digest) {
    assertError(
        finish(client.startUpload(REPOSITORY), digest, bytes(10, 1)), 400, "DIGEST_INVALID");
  }

  @Test
  void finishingWithoutADigestIsRefused() {
    HttpResponse<byte[]> answer =
        client.send("PUT", client.startUpload(REPOSITORY), bytes(10, 1), "Content-Type", OCTETS);
    assertError(answer, 400, "DIGEST_INVALID");
  }

  @Test
  void sha512IsAsGoodAsSha256() {
    byte[] content = bytes(4000, 11);
    Digest digest = Digest.of(Digest.Algorithm.SHA512, content);
    HttpResponse<byte[]> answer =
        finish(client.startUpload(REPOSITORY), digest.toString(), content);
    assertThat(answer.statusCode()).isEqualTo(201);
    assertThat(client.blob(REPOSITORY, digest)).isEqualTo(content);
    String announced =
        header(client.send("POST", uploads(REPOSITORY) + "?digest-algorithm=sha512"), "Location");
    byte[] other = bytes(4000, 12);
    Digest otherDigest = Digest.of(Digest.Algorithm.SHA512, other);
    String patched = header(patch(announced, other), "Location");
    assertThat(finish(patched, otherDigest.toString(), new byte[0]).statusCode()).isEqualTo(201);
    assertThat(client.blob(REPOSITORY, otherDigest)).isEqualTo(other);
  }

  @Test
  void aCancelledUploadIsGone() {
    String location = client.startUpload(REPOSITORY);
    patch(location, bytes(100, 1));
    assertThat(client.send("DELETE", location).statusCode()).isEqualTo(204);
    assertError(client.send("GET", location), 404, "BLOB_UPLOAD_UNKNOWN");
    assertError(client.send("DELETE", location), 404, "BLOB_UPLOAD_UNKNOWN");
    assertError(patch(location, bytes(10, 1)), 404, "BLOB_UPLOAD_UNKNOWN");
  }

  @Test
  void aFinishedUploadIsGone() {
    byte[] content = bytes(100, 13);
    String location = client.startUpload(REPOSITORY);
    assertThat(finish(location, digest(content).toString(), content).statusCode()).isEqualTo(201);
    assertError(client.send("GET", location), 404, "BLOB_UPLOAD_UNKNOWN");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "00000000-0000-0000-0000-000000000000",
        "nonsense",
        "%ff%fe",
        "..%2f..%2f..%2fetc",
        "a%00b"
      })
  void anUnknownUploadIsNeverFound(String id) {
    for (String method : new String[] {"GET", "PATCH", "PUT", "DELETE"}) {
      String path = uploads(REPOSITORY) + id + "?digest=" + digest(new byte[0]);
      assertBlamesRequest(client.send(method, path));
    }
  }

  @Test
  void aBlobIsMountedFromAnotherRepository() {
    byte[] content = bytes(900, 14);
    Digest digest = client.pushBlob("api/mount-from", content);
    HttpResponse<byte[]> answer =
        client.send("POST", uploads("api/mount-to") + "?mount=" + digest + "&from=api/mount-from");
    assertThat(answer.statusCode()).isEqualTo(201);
    assertThat(header(answer, "Location")).contains("/v2/api/mount-to/blobs/" + digest);
    assertThat(header(answer, "Docker-Content-Digest")).isEqualTo(digest.toString());
    assertThat(client.blob("api/mount-to", digest)).isEqualTo(content);
  }

  @Test
  void aMountWithNothingToMountOpensAnUpload() {
    Digest unknown = digest("never pushed anywhere".getBytes(UTF_8));
    for (String from : new String[] {"&from=api/mount-from", "&from=api/nobody", ""}) {
      HttpResponse<byte[]> answer =
          client.send("POST", uploads("api/mount-to") + "?mount=" + unknown + from);
      assertThat(answer.statusCode()).isEqualTo(202);
      assertThat(client.send("DELETE", header(answer, "Location")).statusCode()).isEqualTo(204);
    }
  }
}
