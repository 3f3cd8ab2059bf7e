package dev.stele.it;

import static dev.stele.it.ErrorAnswers.assertError;
import static dev.stele.it.RegistryClient.blobPath;
import static dev.stele.it.RegistryClient.header;
import static dev.stele.it.RegistryClient.manifestPath;
import static dev.stele.it.RegistryClient.withQuery;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** If-Match and If-None-Match, on reads and on writes (RFC 9110, section 13). */
@ExtendWith(SharedServer.class)
class PreconditionApiTest {
  private static final ImageFixture.Image ONE = SmallImages.image("precondition one");
  private static final ImageFixture.Image TWO = SmallImages.image("precondition two");

  private final RegistryClient client;

  PreconditionApiTest(RegistryClient client) {
    this.client = client;
  }

  private HttpResponse<byte[]> put(
      String repository, String reference, ImageFixture.Image image, String... headers) {
    List<String> all = new ArrayList<>(List.of(headers));
    all.addAll(List.of("Content-Type", image.manifest().mediaType()));
    return client.send(
        "PUT",
        manifestPath(repository, reference),
        image.manifest().bytes(),
        all.toArray(String[]::new));
  }

  private static String tag(ImageFixture.Image image) {
    return '"' + image.manifest().digest().toString() + '"';
  }

  private static void assertFailed(HttpResponse<byte[]> answer, String actual) {
    assertError(answer, 412, "PRECONDITION_FAILED");
    assertThat(header(answer, "ETag")).isEqualTo(actual);
    assertThat('"' + RegistryClient.json(answer).at("/errors/0/detail/actual").asText() + '"')
        .isEqualTo(actual);
  }

  @Test
  void aTagIsCreatedOnlyIfAbsentAndMovedOrDeletedOnlyFromWhatItIs() {
    String repository = "conditional/tag";
    client.push(repository, "other", ONE);
    client.push(repository, "other", TWO);
    assertError(put(repository, "v1", ONE, "If-Match", "*"), 412, "PRECONDITION_FAILED");
    assertThat(put(repository, "v1", ONE, "If-None-Match", "*").statusCode()).isEqualTo(201);
    assertFailed(put(repository, "v1", ONE, "If-None-Match", "*"), tag(ONE));
    assertFailed(put(repository, "v1", TWO, "If-Match", tag(TWO)), tag(ONE));
    assertFailed(put(repository, "v1", TWO, "If-None-Match", "W/" + tag(ONE)), tag(ONE));
    assertFailed(put(repository, "v1", TWO, "If-Match", "W/" + tag(ONE)), tag(ONE));
    HttpResponse<byte[]> moved =
        put(repository, "v1", TWO, "If-Match", "\"some,thing\",, " + tag(ONE) + ", \"x\"");
    assertThat(moved.statusCode()).isEqualTo(201);
    assertThat(header(moved, "ETag")).isEqualTo(tag(TWO));
    String path = manifestPath(repository, "v1");
    assertFailed(client.send("DELETE", path, "If-Match", tag(ONE)), tag(TWO));
    assertFailed(client.send("DELETE", path, "If-None-Match", "*"), tag(TWO));
    assertThat(client.send("DELETE", path, "If-Match", tag(TWO)).statusCode()).isEqualTo(202);
    assertError(client.send("DELETE", path, "If-Match", tag(TWO)), 404, "MANIFEST_UNKNOWN");
  }

  @Test
  void aPreconditionIsAboutEveryTagThatAPutNames() {
    String repository = "conditional/tags";
    client.push(repository, "v1", ONE);
    client.push(repository, "other", TWO);
    String byDigest = TWO.manifest().digest() + "?tag=v2&tag=v1";
    assertFailed(put(repository, byDigest, TWO, "If-None-Match", "*"), tag(ONE));
    assertError(put(repository, byDigest, TWO, "If-Match", tag(ONE)), 412, "PRECONDITION_FAILED");
    assertThat(client.tags(repository)).containsExactly("other", "v1");
    String absent = TWO.manifest().digest() + "?tag=v2&tag=v3";
    assertThat(put(repository, absent, TWO, "If-None-Match", "*").statusCode()).isEqualTo(201);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", " ", ",", "x", "\"x", "*, \"x\"", "\"x\" \"y\"", "\"a b\"", "w/\"x\""})
  void aMalformedPreconditionIsRefusedAndNothingIsDone(String malformed) {
    String repository = "conditional/malformed";
    client.push(repository, "v1", ONE);
    for (String header : List.of("If-Match", "If-None-Match")) {
      assertError(put(repository, "v1", ONE, header, malformed), 400, "REQUEST_INVALID");
      for (String path :
          List.of(manifestPath(repository, "v1"), blobPath(repository, ONE.config().digest()))) {
        for (String method : List.of("GET", "DELETE")) {
          assertError(client.send(method, path, header, malformed), 400, "REQUEST_INVALID");
        }
      }
    }
    assertThat(client.tags(repository)).containsExactly("v1");
  }

  @Test
  void readsHonourBothAnd304HasNoFalseLength() {
    String repository = "conditional/read";
    client.push(repository, "v1", ONE);
    for (Content content : List.of(ONE.manifest(), ONE.config())) {
      boolean manifest = content.equals(ONE.manifest());
      String path =
          manifest ? manifestPath(repository, "v1") : blobPath(repository, content.digest());
      String same = '"' + content.digest().toString() + '"';
      for (String method : List.of("GET", "HEAD")) {
        for (String match : List.of(same, "W/" + same, "*", "\"x\", " + same)) {
          HttpResponse<byte[]> answer = client.send(method, path, "If-None-Match", match);
          assertThat(answer.statusCode()).as(match).isEqualTo(304);
          assertThat(answer.headers().firstValue("Content-Length")).isEmpty();
          assertThat(header(answer, "ETag")).isEqualTo(same);
        }
        assertThat(client.send(method, path, "If-Match", same).statusCode()).isEqualTo(200);
        assertThat(client.send(method, path, "If-Match", "*").statusCode()).isEqualTo(200);
        assertThat(client.send(method, path, "If-None-Match", "\"x\"").statusCode()).isEqualTo(200);
        for (String match : List.of("\"x\"", "W/" + same)) {
          assertThat(client.send(method, path, "If-Match", match).statusCode()).isEqualTo(412);
        }
      }
    }
    assertError(
        client.send("GET", manifestPath(repository, "absent"), "If-Match", "*"),
        404,
        "MANIFEST_UNKNOWN");
  }

  @Test
  void blobsHonourThemToo() {
    String repository = "conditional/blob";
    byte[] bytes = "a blob under a precondition".getBytes(UTF_8);
    Digest digest = Digest.of(Digest.Algorithm.SHA256, bytes);
    String upload = withQuery(client.startUpload(repository), "digest", digest.toString());
    assertError(client.send("PUT", upload, bytes, "If-Match", "*"), 412, "PRECONDITION_FAILED");
    assertThat(client.send("PUT", upload, bytes, "If-None-Match", "*").statusCode()).isEqualTo(201);
    String again = withQuery(RegistryClient.uploads(repository), "digest", digest.toString());
    String present = '"' + digest.toString() + '"';
    assertFailed(client.send("POST", again, bytes, "If-None-Match", "*"), present);
    String session = client.startUpload(repository);
    assertError(client.send("PATCH", session, bytes, "If-Match", "*"), 400, "REQUEST_INVALID");
    String path = blobPath(repository, digest);
    assertFailed(client.send("DELETE", path, "If-Match", "\"x\""), present);
    assertThat(client.send("DELETE", path, "If-Match", present).statusCode()).isEqualTo(202);
  }

  @Test
  void ofManyThatMoveATagFromTheSameDigestOneDoes() throws Exception {
    String repository = "conditional/race";
    int clients = 12;
    client.push(repository, "v1", ONE);
    List<ImageFixture.Image> images = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      images.add(SmallImages.image("racer " + i));
      client.push(repository, "image-" + i, images.get(i));
    }
    CyclicBarrier together = new CyclicBarrier(clients);
    List<Integer> statuses = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> puts =
          images.stream()
              .map(
                  image ->
                      threads.submit(
                          () -> {
                            together.await();
                            return put(repository, "v1", image, "If-Match", tag(ONE)).statusCode();
                          }))
              .toList();
      for (Future<Integer> put : puts) {
        statuses.add(put.get());
      }
    }
    assertThat(statuses).containsOnly(201, 412).containsOnlyOnce(201);
    assertThat(client.manifest(repository, "v1").digest())
        .isEqualTo(images.get(statuses.indexOf(201)).manifest().digest());
  }
}
