package dev.stele.it;

import static dev.stele.it.ErrorAnswers.assertError;
import static dev.stele.it.RegistryClient.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.oci.Digest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Questions about the record, as an auditor asks them over HTTP. */
@ExtendWith(SharedServer.class)
class RecordApiTest {
  private final RegistryClient client;

  RecordApiTest(RegistryClient client) {
    this.client = client;
  }

  private JsonNode ask(String path) {
    HttpResponse<byte[]> answer = client.send("GET", path);
    assertThat(answer.statusCode()).as(path).isEqualTo(200);
    return json(answer);
  }

  private static List<String> column(JsonNode rows, String name) {
    List<String> values = new ArrayList<>();
    rows.forEach(row -> values.add(row.path(name).asText()));
    return values;
  }

  /** Two images under one tag, which is deleted in the end. */
  private List<Digest> pushTwice(String repository) {
    List<Digest> digests = new ArrayList<>();
    for (int n = 0; n < 2; n++) {
      ImageFixture.Image image = SmallImages.image(repository + n);
      client.push(repository, "prod", image);
      digests.add(image.manifest().digest());
    }
    assertThat(client.send("DELETE", "/v2/" + repository + "/manifests/prod").statusCode())
        .isEqualTo(202);
    return digests;
  }

  @Test
  void eventsByAMixOfFiltersInPages() {
    List<Digest> digests = pushTwice("record/mix/app");
    pushTwice("record/mix/other");
    String where = "/api/v1/events?tag=prod&repository=record/mix/*&type=TagMoved&type=TagDeleted";
    assertThat(column(ask(where).required("items"), "repository"))
        .containsExactly(
            "record/mix/app",
            "record/mix/app",
            "record/mix/app",
            "record/mix/other",
            "record/mix/other",
            "record/mix/other");
    List<String> newest = new ArrayList<>();
    String next = where + "&digest=" + digests.get(1) + "&order=desc&limit=1";
    do {
      JsonNode page = ask(next);
      newest.addAll(column(page.required("items"), "type"));
      next = page.path("next").asText();
    } while (!next.isEmpty());
    assertThat(newest).containsExactly("TagDeleted", "TagMoved");
    JsonNode moved =
        ask("/api/v1/events?type=TagMoved&digest=" + digests.get(0)).required("items").get(0);
    assertThat(ask("/api/v1/events/" + moved.get("position"))).isEqualTo(moved);
    assertThat(ask(where + "&actor=nobody").required("items")).isEmpty();
  }

  @Test
  void theLifeOfADigestAndWhereItWasTagged() {
    List<Digest> digests = pushTwice("record/life");
    JsonNode life = ask("/api/v1/digests/" + digests.get(0));
    assertThat(column(life.required("items"), "type"))
        .endsWith("TagMoved", "TagMoved", "ManifestPut");
    JsonNode place = life.required("repositories").get(0);
    assertThat(place.get("repository").asText()).isEqualTo("record/life");
    assertThat(place.get("kind").asText()).isEqualTo("manifest");
    assertThat(place.get("tags")).isEmpty();
    JsonNode period = ask("/api/v1/tags?digest=" + digests.get(0)).required("items").get(0);
    assertThat(period.get("tag").asText()).isEqualTo("prod");
    assertThat(period.get("endedBy").asText()).isEqualTo("moved");
    assertError(
        client.send("GET", "/api/v1/digests/sha256:" + "0".repeat(64)), 404, "BLOB_UNKNOWN");
  }

  @Test
  void aChangeWindow() {
    List<Digest> digests = pushTwice("record/window");
    JsonNode moves = ask("/api/v1/tag-moves?repository=record/window").required("items");
    assertThat(column(moves, "change")).containsExactly("created", "moved", "deleted");
    assertThat(column(moves, "to"))
        .containsExactly(digests.get(0).toString(), digests.get(1).toString(), "");
    String from = "p" + moves.get(0).get("position").asText();
    String to = "p" + moves.get(1).get("position").asText();
    assertThat(
            column(
                ask("/api/v1/tag-moves?repository=record/window&from=" + from + "&to=" + to)
                    .required("items"),
                "change"))
        .containsExactly("moved");
    JsonNode pullable =
        ask("/api/v1/repositories/record/window/-/pullable?from=" + from + "&to=" + to);
    assertThat(column(pullable.required("items"), "digest"))
        .containsExactly(digests.get(0).toString(), digests.get(1).toString());
    assertThat(ask("/api/v1/repositories/record/window/-/pullable").required("items")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/v1/events?type=TagMove",
        "/api/v1/events?cause=lunch",
        "/api/v1/events?order=up",
        "/api/v1/events?repository=a%5B",
        "/api/v1/events?before=x",
        "/api/v1/events/x",
        "/api/v1/tags",
        "/api/v1/repositories/a/-/pullable?from=p1&to=p0"
      })
  void whatIsWrongIsSaid(String path) {
    pushTwice("record/wrong");
    assertError(client.send("GET", path), 400, "REQUEST_INVALID");
  }

  @Test
  void aStreamHasNoEnd() {
    for (String query : List.of("order=desc", "limit=1", "after=999999999")) {
      assertError(
          client.send("GET", "/api/v1/events?" + query, "Accept", "text/event-stream"),
          400,
          "REQUEST_INVALID");
    }
  }
}
