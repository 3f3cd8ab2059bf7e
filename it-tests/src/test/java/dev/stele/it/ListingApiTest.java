package dev.stele.it;

import static dev.stele.it.ErrorAnswers.assertBlamesRequest;
import static dev.stele.it.ErrorAnswers.assertError;
import static dev.stele.it.RegistryClient.header;
import static dev.stele.it.RegistryClient.json;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lists: tags, the catalog and referrers, with their pages. */
@ExtendWith(SharedServer.class)
class ListingApiTest {
  private static final Pattern NEXT = Pattern.compile("<([^>]+)>;\\s*rel=\"?next\"?");

  private final RegistryClient client;

  ListingApiTest(RegistryClient client) {
    this.client = client;
  }

  private static List<String> texts(JsonNode array) {
    assertThat(array.isArray()).as(array.toString()).isTrue();
    List<String> texts = new ArrayList<>();
    array.forEach(element -> texts.add(element.asText()));
    return texts;
  }

  private static Optional<String> next(HttpResponse<byte[]> answer) {
    return answer
        .headers()
        .firstValue("Link")
        .map(
            link -> {
              Matcher matcher = NEXT.matcher(link);
              assertThat(matcher.matches()).as(link).isTrue();
              return matcher.group(1);
            });
  }

  /** The pages of a list, followed by their links to the end. */
  private List<List<String>> pages(String path, String field) {
    List<List<String>> pages = new ArrayList<>();
    for (Optional<String> at = Optional.of(path); at.isPresent(); ) {
      HttpResponse<byte[]> answer = client.send("GET", at.get());
      assertThat(answer.statusCode()).isEqualTo(200);
      pages.add(texts(json(answer).required(field)));
      at = next(answer);
    }
    return pages;
  }

  private void pushTags(String repository, String... tags) {
    ImageFixture.Image image = SmallImages.image(repository);
    client.push(repository, tags[0], image);
    for (String tag : tags) {
      client.putManifest(repository, tag, image.manifest());
    }
  }

  @Test
  void tagsAreSortedByteWise() {
    pushTags("api/tags-sorted", "b", "a", "B", "_x", "10", "9", "a.b", "a-b");
    HttpResponse<byte[]> answer = client.send("GET", "/v2/api/tags-sorted/tags/list");
    assertThat(json(answer).required("name").asText()).isEqualTo("api/tags-sorted");
    assertThat(texts(json(answer).required("tags")))
        .containsExactly("10", "9", "B", "_x", "a", "a-b", "a.b", "b");
    assertThat(next(answer)).isEmpty();
  }

  @Test
  void tagsPageByLinkAndByLast() {
    pushTags("api/tags-paged", "a", "b", "c", "d", "e");
    assertThat(pages("/v2/api/tags-paged/tags/list?n=2", "tags"))
        .containsExactly(List.of("a", "b"), List.of("c", "d"), List.of("e"));
    assertThat(pages("/v2/api/tags-paged/tags/list?last=c", "tags"))
        .containsExactly(List.of("d", "e"));
    assertThat(pages("/v2/api/tags-paged/tags/list?n=1&last=bb", "tags").getFirst())
        .containsExactly("c");
    assertThat(pages("/v2/api/tags-paged/tags/list?last=z", "tags")).containsExactly(List.of());
    assertThat(pages("/v2/api/tags-paged/tags/list?n=5", "tags"))
        .containsExactly(List.of("a", "b", "c", "d", "e"));
  }

  @Test
  void zeroTagsAreAskedForAndGiven() {
    pushTags("api/tags-zero", "a");
    HttpResponse<byte[]> answer = client.send("GET", "/v2/api/tags-zero/tags/list?n=0");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(texts(json(answer).required("tags"))).isEmpty();
    assertThat(next(answer)).isEmpty();
  }

  @Test
  void aRepositoryWithoutTagsIsToldFromAnUnknownOne() {
    client.pushBlob("api/tags-none", "a blob and no tag".getBytes(UTF_8));
    HttpResponse<byte[]> answer = client.send("GET", "/v2/api/tags-none/tags/list");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(texts(json(answer).required("tags"))).isEmpty();
    assertError(client.send("GET", "/v2/api/nobody/tags/list"), 404, "NAME_UNKNOWN");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "x", "1.5", "%ff"})
  void aMalformedPageSizeIsRefused(String n) {
    pushTags("api/tags-bad", "a");
    assertBlamesRequest(client.send("GET", "/v2/api/tags-bad/tags/list?n=" + n));
    assertBlamesRequest(client.send("GET", "/v2/_catalog?n=" + n));
  }

  @Test
  void theCatalogListsRepositoriesSortedAndInPages() {
    for (String name : new String[] {"catalog/b", "catalog/a", "catalog/c"}) {
      client.pushBlob(name, "in the catalog".getBytes(UTF_8));
    }
    List<String> all =
        pages("/v2/_catalog", "repositories").stream().flatMap(List::stream).toList();
    assertThat(all)
        .contains("catalog/a", "catalog/b", "catalog/c")
        .isSorted()
        .doesNotHaveDuplicates();
    List<List<String>> pages = pages("/v2/_catalog?n=2", "repositories");
    assertThat(pages.stream().flatMap(List::stream).toList()).isEqualTo(all);
    assertThat(pages).allSatisfy(page -> assertThat(page).hasSizeLessThanOrEqualTo(2));
    assertThat(pages("/v2/_catalog?n=1&last=catalog/a", "repositories").getFirst())
        .containsExactly("catalog/b");
  }

  @Test
  void referrersAreFoundBySubjectAndFilteredByArtifactType() {
    String repository = "api/referrers";
    ImageFixture.Image subject = SmallImages.image("subject");
    client.push(repository, "v1", subject);
    Content sbom =
        SmallImages.referrer(subject, subject.manifest(), "application/vnd.example.sbom");
    Content signature =
        SmallImages.referrer(subject, subject.manifest(), "application/vnd.example.signature");
    for (Content referrer : List.of(sbom, signature)) {
      HttpResponse<byte[]> put =
          client.send(
              "PUT",
              RegistryClient.manifestPath(repository, referrer.digest().toString()),
              referrer.bytes(),
              "Content-Type",
              referrer.mediaType());
      assertThat(put.statusCode()).isEqualTo(201);
      assertThat(header(put, "OCI-Subject")).isEqualTo(subject.manifest().digest().toString());
    }
    String path = "/v2/" + repository + "/referrers/" + subject.manifest().digest();

    HttpResponse<byte[]> all = client.send("GET", path);
    assertThat(all.statusCode()).isEqualTo(200);
    assertThat(header(all, "Content-Type")).isEqualTo(MediaTypes.OCI_INDEX);
    assertThat(all.headers().firstValue("OCI-Filters-Applied")).isEmpty();
    assertThat(json(all).required("schemaVersion").asInt()).isEqualTo(2);
    assertThat(json(all).required("mediaType").asText()).isEqualTo(MediaTypes.OCI_INDEX);
    assertThat(json(all).required("manifests").findValuesAsText("digest"))
        .containsExactlyInAnyOrder(sbom.digest().toString(), signature.digest().toString());

    HttpResponse<byte[]> filtered =
        client.send("GET", path + "?artifactType=application%2Fvnd.example.sbom");
    assertThat(header(filtered, "OCI-Filters-Applied")).isEqualTo("artifactType");
    JsonNode found = json(filtered).required("manifests");
    assertThat(found).hasSize(1);
    assertThat(found.get(0).required("digest").asText()).isEqualTo(sbom.digest().toString());
    assertThat(found.get(0).required("mediaType").asText()).isEqualTo(MediaTypes.OCI_IMAGE);
    assertThat(found.get(0).required("size").asInt()).isEqualTo(sbom.size());
    assertThat(found.get(0).required("artifactType").asText())
        .isEqualTo("application/vnd.example.sbom");
    assertThat(found.get(0).required("annotations").path("org.example.about").asText())
        .isEqualTo("application/vnd.example.sbom");
  }

  @Test
  void aDeletedReferrerIsNoLongerListed() {
    String repository = "api/referrers-deleted";
    ImageFixture.Image subject = SmallImages.image("subject of a deleted one");
    client.push(repository, "v1", subject);
    Content sbom =
        SmallImages.referrer(subject, subject.manifest(), "application/vnd.example.sbom");
    client.putManifest(repository, sbom.digest().toString(), sbom);
    String path = RegistryClient.manifestPath(repository, sbom.digest().toString());
    assertThat(client.send("DELETE", path).statusCode()).isEqualTo(202);
    HttpResponse<byte[]> answer =
        client.send("GET", "/v2/" + repository + "/referrers/" + subject.manifest().digest());
    assertThat(json(answer).required("manifests")).isEmpty();
  }

  @Test
  void aReferrerMayComeBeforeItsSubject() {
    String repository = "api/referrers-first";
    ImageFixture.Image image = SmallImages.image("comes first");
    client.push(repository, "v1", image);
    Content later = SmallImages.image("comes later").manifest();
    Content referrer = SmallImages.referrer(image, later, "application/vnd.example.sbom");
    client.putManifest(repository, referrer.digest().toString(), referrer);
    HttpResponse<byte[]> answer =
        client.send("GET", "/v2/" + repository + "/referrers/" + later.digest());
    assertThat(json(answer).required("manifests").findValuesAsText("digest"))
        .containsExactly(referrer.digest().toString());
  }

  @Test
  void aTagsHistoryDescribesManifestsThatAreGoneToo() {
    String repository = "api/tag-history";
    Content first = SmallImages.annotated(SmallImages.image(repository).manifest(), 10);
    Content second = SmallImages.index(SmallImages.image(repository));
    client.push(repository, "base", SmallImages.image(repository));
    client.putManifest(repository, "v1", first);
    client.putManifest(repository, "v1", second);
    for (Content gone : List.of(second, first)) {
      String path = RegistryClient.manifestPath(repository, gone.digest().toString());
      assertThat(client.send("DELETE", path).statusCode()).isEqualTo(202);
      assertThat(client.send("GET", path).statusCode()).isEqualTo(404);
    }

    JsonNode audited =
        json(client.send("GET", "/api/v1/repositories/" + repository + "/-/tags/v1/history"))
            .required("items");
    assertThat(audited).hasSize(2);
    assertDescribes(audited.get(0), second);
    assertDescribes(audited.get(1), first);

    HttpResponse<byte[]> draft = client.send("GET", "/v2/" + repository + "/_oci/tag-history/v1");
    assertThat(draft.statusCode()).isEqualTo(200);
    JsonNode entries = json(draft);
    assertThat(entries).hasSize(3);
    assertThat(entries.get(0).required("annotations").has("org.opencontainers.tag.deleted"))
        .isTrue();
    assertDescribes(entries.get(1), second);
    assertDescribes(entries.get(2), first);
    for (JsonNode assignment : List.of(entries.get(1), entries.get(2))) {
      assertThat(assignment.required("annotations").has("org.opencontainers.tag.created")).isTrue();
    }
  }

  private static void assertDescribes(JsonNode descriptor, Content manifest) {
    assertThat(descriptor.required("digest").asText()).isEqualTo(manifest.digest().toString());
    assertThat(descriptor.required("mediaType").asText()).isEqualTo(manifest.mediaType());
    assertThat(descriptor.required("size").asInt()).isEqualTo(manifest.size());
  }

  @Test
  void nothingKnownHasNoReferrersAndIsNot404() {
    String unknown = Digest.of(Digest.Algorithm.SHA256, "nothing".getBytes(UTF_8)).toString();
    client.pushBlob("api/referrers-none", "known".getBytes(UTF_8));
    for (String repository : new String[] {"api/referrers-none", "api/nobody"}) {
      HttpResponse<byte[]> answer =
          client.send("GET", "/v2/" + repository + "/referrers/" + unknown);
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(header(answer, "Content-Type")).isEqualTo(MediaTypes.OCI_INDEX);
      assertThat(json(answer).required("manifests")).isEmpty();
    }
    HttpResponse<byte[]> malformed = client.send("GET", "/v2/api/nobody/referrers/sha256:abc");
    assertThat(malformed.statusCode()).isEqualTo(400);
  }
}
