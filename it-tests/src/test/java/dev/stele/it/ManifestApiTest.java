package dev.stele.it;

import static dev.stele.it.ErrorAnswers.assertBlamesRequest;
import static dev.stele.it.ErrorAnswers.assertError;
import static dev.stele.it.RegistryClient.header;
import static dev.stele.it.RegistryClient.manifestPath;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Putting, reading, tagging and deleting manifests, and what must be refused. */
@ExtendWith(SharedServer.class)
class ManifestApiTest {
  private static final String REPOSITORY = "api/manifests";
  private static final int LIMIT_AT_LEAST = 4 << 20;

  private final RegistryClient client;

  ManifestApiTest(RegistryClient client) {
    this.client = client;
  }

  private HttpResponse<byte[]> put(String repository, String reference, Content manifest) {
    return client.send(
        "PUT",
        manifestPath(repository, reference),
        manifest.bytes(),
        "Content-Type",
        manifest.mediaType());
  }

  private HttpResponse<byte[]> get(String repository, String reference) {
    return client.send("GET", manifestPath(repository, reference));
  }

  @Test
  void aManifestIsKeptByteForByteAndPulledWhereTheAnswerSays() {
    ImageFixture.Image image = SmallImages.image("exact bytes");
    client.push(REPOSITORY, "exact", image);
    HttpResponse<byte[]> answer = put(REPOSITORY, "exact", image.manifest());
    assertThat(answer.statusCode()).isEqualTo(201);
    assertThat(header(answer, "Docker-Content-Digest"))
        .isEqualTo(image.manifest().digest().toString());
    HttpResponse<byte[]> pulled = client.send("GET", header(answer, "Location"));
    assertThat(pulled.statusCode()).isEqualTo(200);
    assertThat(pulled.body()).isEqualTo(image.manifest().bytes());
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "HEAD"})
  void aManifestIsServedByTagAndByDigestWithItsHeaders(String method) {
    ImageFixture.Image image = SmallImages.image("headers");
    client.push(REPOSITORY, "headers", image);
    Digest digest = image.manifest().digest();
    for (String reference : new String[] {"headers", digest.toString()}) {
      String path = manifestPath(REPOSITORY, reference);
      HttpResponse<byte[]> answer = client.send(method, path);
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(header(answer, "Docker-Content-Digest")).isEqualTo(digest.toString());
      assertThat(header(answer, "Content-Type")).isEqualTo(MediaTypes.OCI_IMAGE);
      assertThat(header(answer, "Content-Length"))
          .isEqualTo(String.valueOf(image.manifest().size()));
      String etag = header(answer, "ETag");
      assertThat(etag).isEqualTo('"' + digest.toString() + '"');
      assertThat(client.send(method, path, "If-None-Match", etag).statusCode()).isEqualTo(304);
      assertThat(client.send(method, path, "If-None-Match", "\"x\"").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void anIndexIsServedAsWhatItIs() {
    ImageFixture.Image one = SmallImages.image("child one");
    ImageFixture.Image two = SmallImages.image("child two");
    Content index = SmallImages.index(one, two);
    client.push(REPOSITORY, "index", new ImageFixture.MultiPlatform(List.of(one, two), index));
    assertThat(client.manifest(REPOSITORY, "index").mediaType()).isEqualTo(MediaTypes.OCI_INDEX);
    assertThat(client.manifest(REPOSITORY, "index").bytes()).isEqualTo(index.bytes());
  }

  @Test
  void anUnknownManifestIs404() {
    client.push(REPOSITORY, "known", SmallImages.image("known"));
    String unknown = Digest.of(Digest.Algorithm.SHA256, "never".getBytes(UTF_8)).toString();
    assertError(get(REPOSITORY, "never"), 404, "MANIFEST_UNKNOWN");
    assertError(get(REPOSITORY, unknown), 404, "MANIFEST_UNKNOWN");
    assertError(get("api/nobody", "v1"), 404, "MANIFEST_UNKNOWN", "NAME_UNKNOWN");
    assertThat(client.send("HEAD", manifestPath(REPOSITORY, "never")).statusCode()).isEqualTo(404);
  }

  @Test
  void aManifestWhoseBlobsAreMissingIsRefused() {
    ImageFixture.Image image = SmallImages.image("blobs missing");
    client.pushBlob("api/missing", image.config().bytes());
    assertError(
        put("api/missing", "v1", image.manifest()), 400, "MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN");
    assertError(get("api/missing", "v1"), 404, "MANIFEST_UNKNOWN");
  }

  @Test
  void anIndexWhoseChildrenAreMissingIsRefused() {
    Content index = SmallImages.index(SmallImages.image("child missing"));
    HttpResponse<byte[]> answer = put("api/missing-child", "v1", index);
    assertBlamesRequest(answer);
    assertThat(get("api/missing-child", "v1").statusCode()).isEqualTo(404);
  }

  @Test
  void aManifestThatIsNotTheDigestItIsPutUnderIsRefused() {
    ImageFixture.Image image = SmallImages.image("by digest");
    client.push(REPOSITORY, "by-digest", image);
    String other = Digest.of(Digest.Algorithm.SHA256, "other".getBytes(UTF_8)).toString();
    assertError(put(REPOSITORY, other, image.manifest()), 400, "DIGEST_INVALID");
    assertThat(get(REPOSITORY, other).statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "null",
        "\"text\"",
        "{}",
        "{\"schemaVersion\":1}",
        "{\"schemaVersion\":2}",
        "{\"schemaVersion\":2,\"config\":{},\"layers\":[]}",
        "{\"schemaVersion\":2,\"config\":[],\"layers\":{}}",
        "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/b\",\"digest\":\"x\",\"size\":1},\"layers\":[]}",
        "{\"schemaVersion\":\"2\",\"config\":null,\"layers\":null}"
      })
  void aMalformedManifestIsRefused(String body) {
    HttpResponse<byte[]> answer =
        put(REPOSITORY, "malformed", Content.of(MediaTypes.OCI_IMAGE, body.getBytes(UTF_8)));
    assertError(answer, 400, "MANIFEST_INVALID");
    assertThat(get(REPOSITORY, "malformed").statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/plain", "application/json", "nonsense", "application/octet-stream"})
  void aMediaTypeThatIsNotAManifestsIsRefused(String mediaType) {
    ImageFixture.Image image = SmallImages.image("media type");
    client.push(REPOSITORY, "media-type", image);
    Content mistyped = new Content(mediaType, image.manifest().digest(), image.manifest().bytes());
    assertBlamesRequest(put(REPOSITORY, "mistyped", mistyped));
  }

  @ParameterizedTest
  @ValueSource(strings = {".dot", "-dash", "a%20b", "a%2Fb", "%ff", "sha256:short", "t%00"})
  void aMalformedReferenceIsRefused(String reference) {
    Content manifest = SmallImages.image("reference").manifest();
    assertBlamesRequest(put(REPOSITORY, reference, manifest));
    assertBlamesRequest(get(REPOSITORY, reference));
    assertBlamesRequest(client.send("DELETE", manifestPath(REPOSITORY, reference)));
    assertBlamesRequest(get(REPOSITORY, "t".repeat(129)));
  }

  @Test
  void fourMebibytesAreAcceptedAndTooMuchIsAnswered413() {
    ImageFixture.Image image = SmallImages.image("size limit");
    client.push(REPOSITORY, "size", image);
    int rest = SmallImages.annotated(image.manifest(), 0).size();
    Content atLimit = SmallImages.annotated(image.manifest(), LIMIT_AT_LEAST - rest);
    assertThat(atLimit.size()).isEqualTo(LIMIT_AT_LEAST);
    assertThat(put(REPOSITORY, "at-limit", atLimit).statusCode()).isEqualTo(201);
    assertThat(client.manifest(REPOSITORY, "at-limit").bytes()).isEqualTo(atLimit.bytes());
    Content over = SmallImages.annotated(image.manifest(), 64 << 20);
    assertThat(put(REPOSITORY, "over", over).statusCode()).isEqualTo(413);
    assertThat(get(REPOSITORY, "over").statusCode()).isEqualTo(404);
  }

  @Test
  void aPutByDigestTagsInTheSameRequest() {
    ImageFixture.Image image = SmallImages.image("tags by query");
    client.push("api/query-tags", "first", image);
    List<String> tags = IntStream.range(0, 10).mapToObj(i -> "tag" + i).toList();
    String query = "?tag=" + String.join("&tag=", tags);
    HttpResponse<byte[]> answer =
        put("api/query-tags", image.manifest().digest() + query, image.manifest());
    assertThat(answer.statusCode()).isEqualTo(201);
    assertThat(
            answer.headers().allValues("OCI-Tag").stream()
                .flatMap(v -> Stream.of(v.split(",\\s*"))))
        .containsExactlyInAnyOrderElementsOf(tags);
    assertThat(client.tags("api/query-tags")).containsAll(tags);
    for (String tag : tags) {
      assertThat(client.manifest("api/query-tags", tag).bytes())
          .isEqualTo(image.manifest().bytes());
    }
  }

  @Test
  void anotherManifestUnderATagMovesItAndTheOldOneStays() {
    ImageFixture.Image first = SmallImages.image("first");
    ImageFixture.Image second = SmallImages.image("second");
    client.push("api/move", "latest", first);
    client.push("api/move", "latest", second);
    assertThat(client.manifest("api/move", "latest").digest())
        .isEqualTo(second.manifest().digest());
    assertThat(client.manifest("api/move", first.manifest().digest().toString()).bytes())
        .isEqualTo(first.manifest().bytes());
    assertThat(
            client.eventsOf("api/move").stream()
                .filter(event -> event.type().equals("TagMoved"))
                .map(RecordedEvent::digest))
        .containsExactly(
            first.manifest().digest().toString(), second.manifest().digest().toString());
  }

  @Test
  void aDeletedTagIsGoneAtOnceAndTheManifestStays() {
    ImageFixture.Image image = SmallImages.image("delete a tag");
    client.push("api/delete-tag", "one", image);
    client.putManifest("api/delete-tag", "two", image.manifest());
    String path = manifestPath("api/delete-tag", "one");
    assertThat(client.send("DELETE", path).statusCode()).isEqualTo(202);
    assertError(client.send("GET", path), 404, "MANIFEST_UNKNOWN");
    assertThat(client.send("HEAD", path).statusCode()).isEqualTo(404);
    assertError(client.send("DELETE", path), 404, "MANIFEST_UNKNOWN", "TAG_UNKNOWN");
    assertThat(client.tags("api/delete-tag")).containsExactly("two");
    assertThat(client.manifest("api/delete-tag", "two").bytes())
        .isEqualTo(image.manifest().bytes());
  }

  @Test
  void aDeletedManifestIsGoneAtOnceWithItsTags() {
    ImageFixture.Image image = SmallImages.image("delete a manifest");
    client.push("api/delete-manifest", "one", image);
    client.putManifest("api/delete-manifest", "two", image.manifest());
    String path = manifestPath("api/delete-manifest", image.manifest().digest().toString());
    assertThat(client.send("DELETE", path).statusCode()).isEqualTo(202);
    assertThat(client.send("HEAD", path).statusCode()).isEqualTo(404);
    for (String reference : new String[] {"one", "two", image.manifest().digest().toString()}) {
      assertError(get("api/delete-manifest", reference), 404, "MANIFEST_UNKNOWN");
    }
    assertError(client.send("DELETE", path), 404, "MANIFEST_UNKNOWN");
    client.push("api/delete-manifest", "one", image);
    assertThat(client.manifest("api/delete-manifest", "one").bytes())
        .isEqualTo(image.manifest().bytes());
  }

  @Test
  void aManifestThatAnIndexListsIsNotDeleted() {
    ImageFixture.Image child = SmallImages.image("listed child");
    Content index = SmallImages.index(child);
    client.push("api/listed", "all", new ImageFixture.MultiPlatform(List.of(child), index));
    String path = manifestPath("api/listed", child.manifest().digest().toString());
    assertBlamesRequest(client.send("DELETE", path));
    assertThat(client.send("HEAD", path).statusCode()).isEqualTo(200);
  }
}
