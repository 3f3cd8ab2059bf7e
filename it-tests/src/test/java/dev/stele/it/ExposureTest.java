package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.oci.Digest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * A base image turns out to be bad. Somebody asks where it went: it was pushed, an application was
 * built on it and put into an index, both were tagged and pulled, and by now all tags are
 * elsewhere.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExposureTest {
  private static final String BASE = "base/os";
  private static final String APP = "team/app";
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private static Path folder;
  private final ImageFixture.Image base = SmallImages.image("a bad base");
  private final ImageFixture.Image application = builtOn(base, SmallImages.image("application"));
  private final ImageFixture.Image other = SmallImages.image("something else");
  private final Content index = SmallImages.index(application, other);
  private SteleProcess server;
  private RegistryClient client;

  private static ImageFixture.Image builtOn(ImageFixture.Image base, ImageFixture.Image own) {
    List<Content> layers = List.of(base.layers().getFirst(), own.layers().getFirst());
    return new ImageFixture.Image(
        "amd64",
        own.config(),
        layers,
        layers.stream().map(Content::digest).toList(),
        ImageFixture.manifest(own.config(), layers));
  }

  @BeforeAll
  void start() throws Exception {
    Path configuration = folder.resolve("stele.yaml");
    Files.writeString(configuration, "{pulls: {record: every}, gc: {enabled: false}}");
    server =
        SteleProcess.start(
            folder.resolve("data"),
            Map.of(),
            List.of(),
            List.of("--config", configuration.toString()));
    client = server.client();
    client.push(BASE, "1", base);
    client.push(APP, "build", application);
    client.push(APP, "other", other);
    client.putManifest(APP, "v1", index);
    client.manifest(APP, "v1");
    client.manifest(APP, application.manifest().digest().toString());
    client.manifest(APP, application.manifest().digest().toString());
    // The tag moves on, and the index and its image are deleted.
    client.push(APP, "v1", other);
    for (Content gone : List.of(index, application.manifest())) {
      assertThat(client.send("DELETE", "/v2/" + APP + "/manifests/" + gone.digest()).statusCode())
          .isEqualTo(202);
    }
  }

  @AfterAll
  void stop() throws Exception {
    try {
      server.stop();
    } finally {
      server.close();
    }
  }

  /** All pages, one manifest each. */
  private List<JsonNode> exposure(Digest digest) {
    return pages("/api/v1/exposure?limit=1&digest=" + digest);
  }

  private List<JsonNode> pages(String first) {
    List<JsonNode> rows = new ArrayList<>();
    String address = first;
    while (true) {
      var answer = client.send("GET", address);
      assertThat(answer.statusCode()).isEqualTo(200);
      JsonNode page = RegistryClient.json(answer).get("items");
      assertThat(page).as(address).isNotEmpty();
      page.forEach(rows::add);
      String link = answer.headers().firstValue("Link").orElse("");
      if (link.isEmpty()) {
        return rows;
      }
      address = link.substring(1, link.indexOf('>'));
    }
  }

  private static JsonNode of(List<JsonNode> manifests, Content content) {
    return manifests.stream()
        .filter(each -> each.get("digest").asText().equals(content.digest().toString()))
        .findFirst()
        .orElseThrow();
  }

  private static String how(JsonNode manifest) {
    return String.join(",", JSON.convertValue(manifest.get("how"), String[].class));
  }

  @Test
  void aBaseIsFoundInWhatWasBuiltOnIt() {
    List<JsonNode> manifests = exposure(base.manifest().digest());
    assertThat(manifests).hasSize(3);
    assertThat(how(manifests.getFirst())).isEqualTo("itself");
    assertThat(manifests.getFirst().get("tags").get(0).get("until")).isNull();

    JsonNode built = of(manifests, application.manifest());
    assertThat(how(built)).isEqualTo("base");
    assertThat(built.get("tags").get(0).get("tag").asText()).isEqualTo("build");
    assertThat(built.get("tags").get(0).get("endedBy").asText()).isEqualTo("deleted");
    assertThat(built.get("repositories").get(0).get("endedBy").asText()).isEqualTo("deleted");
    JsonNode pulls = built.get("pulls");
    assertThat(pulls).hasSize(1);
    assertThat(pulls.get(0).get("count").asInt()).isEqualTo(2);
    assertThat(pulls.get(0).get("actor").asText()).isEqualTo("anonymous");
    assertThat(pulls.get(0).has("tag")).isFalse();

    JsonNode above = of(manifests, index);
    assertThat(how(above)).isEqualTo("child");
    assertThat(above.get("via").asText()).isEqualTo(application.manifest().digest().toString());
    assertThat(above.get("tags").get(0).get("endedBy").asText()).isEqualTo("moved");
    assertThat(above.get("pulls").get(0).get("tag").asText()).isEqualTo("v1");
  }

  @Test
  void aLayerIsFoundInEachImageAndTheIndexesAboveIt() {
    List<JsonNode> manifests = exposure(base.layers().getFirst().digest());
    assertThat(manifests).extracting(ExposureTest::how).containsOnly("layer", "child").hasSize(3);
    assertThat(exposure(application.layers().getLast().digest())).hasSize(2);
  }

  @Test
  void rowByRowIsTheSameAsAtOnce() {
    String digest = base.manifest().digest().toString();
    for (String rows : List.of("periods", "pulls")) {
      String address = "/api/v1/exposure/" + rows + "?digest=" + digest;
      List<JsonNode> atOnce = pages(address);
      assertThat(atOnce).hasSizeGreaterThan(1);
      assertThat(pages(address + "&limit=1")).isEqualTo(atOnce);
    }
  }

  /** Pulls are on record when the server has stopped. */
  @Test
  void whoOnlyLookedAtAnImageIsToldFromWhoPulledIt(@TempDir Path data) throws Exception {
    String tag = "1";
    try (SteleProcess first = SteleProcess.start(data)) {
      RegistryClient client = first.client();
      for (String repository : List.of("looked/at", "pulled/whole")) {
        client.push(repository, tag, base);
        client.manifest(repository, tag);
      }
      assertThat(client.send("DELETE", "/v2/looked/at/manifests/" + tag).statusCode())
          .isEqualTo(202);
      String layer = "/v2/pulled/whole/blobs/" + base.layers().getFirst().digest();
      assertThat(client.send("GET", layer).statusCode()).isEqualTo(200);
      first.stop();
    }
    try (SteleProcess second = SteleProcess.start(data)) {
      JsonNode pulls =
          RegistryClient.json(
                  second
                      .client()
                      .send("GET", "/api/v1/exposure/pulls?digest=" + base.manifest().digest()))
              .get("items");
      assertThat(pulls)
          .extracting(row -> row.get("repository").asText(), row -> row.has("lastBlob"))
          .containsExactly(tuple("looked/at", false), tuple("pulled/whole", true));
      second.stop();
    }
  }

  @Test
  void whatIsAskedWronglyIsRefused() {
    Digest unknown = Content.of("text/plain", new byte[] {1}).digest();
    assertThat(client.send("GET", "/api/v1/exposure?digest=" + unknown).statusCode())
        .isEqualTo(404);
    var without = client.send("GET", "/api/v1/exposure");
    assertThat(without.statusCode()).isEqualTo(400);
    assertThat(new String(without.body(), UTF_8)).contains("digest must say which digest is meant");
    assertThat(client.send("GET", "/api/v1/exposure?digest=sha256:12").statusCode()).isEqualTo(400);
  }

  private SteleProcess.CommandResult stele(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of("exposure"));
    all.addAll(List.of(arguments));
    all.addAll(List.of("--data", server.data().toString()));
    SteleProcess.CommandResult result = SteleProcess.run(all.toArray(String[]::new));
    assertThat(result.exitStatus()).as(result.output()).isZero();
    return result;
  }

  @Test
  void theCommandTellsTheSame() throws Exception {
    String digest = base.manifest().digest().toString();
    List<JsonNode> rows = new ArrayList<>();
    for (String line : stele(digest, "--json").output().lines().toList()) {
      if (line.startsWith("{")) {
        rows.add(JSON.readTree(line));
      }
    }
    assertThat(rows)
        .filteredOn(row -> row.has("tag"))
        .extracting(row -> row.get("repository").asText() + ":" + row.get("tag").asText())
        .containsExactlyInAnyOrder("base/os:1", "team/app:build", "team/app:v1");
    assertThat(stele(digest, "--pulls", "--csv").output())
        .contains("actor,repository,tag,digest,how,via,pulls,first,last,lastBlob,moreIndexes")
        .contains("anonymous,team/app,v1," + index.digest() + ",child,");
    assertThat(stele(digest).output()).contains("Manifests that have it: 3; periods: 6");
    String unknown = Content.of("text/plain", new byte[] {1}).digest().toString();
    assertThat(stele(unknown).output()).contains("No manifest that was ever put is or names");
  }
}
