package dev.stele.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.registry.Registry;
import dev.stele.registry.TestClient;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The log as CloudEvents 1.0, in pages and live. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CloudEventsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String BATCH = "application/cloudevents-batch+json";
  private static final RepositoryName APP = RepositoryName.parse("team/app");

  private final HttpClient client = HttpClient.newHttpClient();
  private RegistryOnTestDatabase beneath;
  private SteleServer server;
  private Digest index;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    beneath = new RegistryOnTestDatabase(folder.resolve("blobs"));
    server = beneath.serve();
    assertThat(get("/api/v1/events", "Accept", BATCH).body()).isEqualTo("[]");
    Registry registry = beneath.registry();
    index = TestClient.push(registry, APP, Tag.parse("v1"), TestManifest.index());
  }

  @AfterAll
  void stop() throws Exception {
    server.close();
    beneath.close();
    client.close();
  }

  private HttpRequest request(String path, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://" + server.address() + path));
    return (headers.length == 0 ? request : request.headers(headers)).build();
  }

  private HttpResponse<String> get(String path, String... headers) throws Exception {
    return client.send(request(path, headers), BodyHandlers.ofString());
  }

  /** What the specification asks of every event, and of the names of its attributes. */
  private static void assertValid(JsonNode event) {
    for (String required : new String[] {"specversion", "id", "source", "type"}) {
      assertThat(event.path(required).asText()).as(required + " of " + event).isNotEmpty();
    }
    assertThat(event.get("specversion").asText()).isEqualTo("1.0");
    assertThat(URI.create(event.get("source").asText())).isNotNull();
    assertThat(OffsetDateTime.parse(event.get("time").asText())).isNotNull();
    assertThat(event.get("datacontenttype").asText()).isEqualTo("application/json");
    assertThat(event.get("data").isObject()).isTrue();
    for (Map.Entry<String, JsonNode> attribute : event.properties()) {
      assertThat(attribute.getKey()).matches("[a-z0-9]{1,20}");
    }
  }

  private static List<String> column(JsonNode events, String name) {
    List<String> column = new ArrayList<>();
    events.forEach(event -> column.add(event.path(name).asText("-")));
    return column;
  }

  @Test
  void aPageIsABatchForAClientThatAcceptsOne() throws Exception {
    HttpResponse<String> answer = get("/api/v1/events", "Accept", BATCH);
    assertThat(answer.headers().firstValue("Content-Type")).contains(BATCH);
    JsonNode events = JSON.readTree(answer.body());
    events.forEach(CloudEventsTest::assertValid);
    assertThat(column(events, "id")).containsExactly("0", "1", "2");
    assertThat(column(events, "type"))
        .containsExactly(
            "dev.stele.RepositoryCreated", "dev.stele.ManifestPut", "dev.stele.TagMoved");
    assertThat(column(events, "subject"))
        .containsExactly("team/app", "team/app@" + index, "team/app:v1");
    JsonNode plain = JSON.readTree(get("/api/v1/events").body()).get("items");
    for (int i = 0; i < events.size(); i++) {
      assertThat(events.get(i).get("data")).isEqualTo(plain.get(i));
      assertThat(events.get(i).get("time")).isEqualTo(plain.get(i).get("recordedAt"));
    }
  }

  @Test
  void theSourceIsTheLogsOwnAndTheSameForAllEvents() throws Exception {
    JsonNode events = JSON.readTree(get("/api/v1/events?format=cloudevents").body());
    assertThat(column(events, "source")).containsOnly("urn:uuid:" + logId());
  }

  private UUID logId() {
    return beneath.registry().log().identity().orElseThrow().id();
  }

  @Test
  void pagesFollowByALink() throws Exception {
    List<String> ids = new ArrayList<>();
    String next = "/api/v1/events?repository=team%2Fapp&limit=2&format=cloudevents";
    while (true) {
      HttpResponse<String> page = get(next);
      ids.addAll(column(JSON.readTree(page.body()), "id"));
      if (page.headers().firstValue("Link").isEmpty()) {
        break;
      }
      String link = page.headers().firstValue("Link").get();
      assertThat(link).endsWith(">; rel=\"next\"").contains("repository=team", "limit=2");
      next = link.substring(1, link.indexOf('>'));
    }
    assertThat(ids).containsExactly("0", "1", "2");
  }

  @Test
  void aStreamHasThemToo() throws Exception {
    HttpResponse<java.io.InputStream> answer =
        client.send(
            request("/api/v1/events?format=cloudevents&after=0", "Accept", "text/event-stream"),
            BodyHandlers.ofInputStream());
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8))) {
      Iterator<String> all = lines.lines().filter(line -> !line.startsWith(":")).iterator();
      List<String> event = new ArrayList<>();
      for (String line = all.next(); event.size() < 3; line = all.next()) {
        if (!line.isEmpty()) {
          event.add(line);
        }
      }
      assertThat(event.subList(0, 2)).containsExactly("id: 1", "event: ManifestPut");
      JsonNode datum = JSON.readTree(event.get(2).substring("data: ".length()));
      assertValid(datum);
      assertThat(datum.get("subject").asText()).isEqualTo("team/app@" + index);
    }
  }

  @Test
  void aFormatThatIsNoneIsRefused() throws Exception {
    HttpResponse<String> answer = get("/api/v1/events?format=xml");
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body())
        .contains("format must be json, csv, cells or table or, of events, cloudevents");
    assertThat(get("/api/v1/events?format=json", "Accept", BATCH).body()).startsWith("{\"items\":");
  }

  @Test
  void theFormFollowsTheBestOfWhatIsAccepted() throws Exception {
    for (String[] each :
        new String[][] {
          {"Application/CloudEvents-Batch+JSON", BATCH},
          {BATCH + ";q=0", "application/json"},
          {BATCH + ";q=0.5, text/csv;q=0.6", "text/csv"},
          {BATCH + ", application/json", BATCH},
          {"text/event-stream;q=0, text/csv;q=0.1", "text/csv"},
          {"*/*", "application/json"},
          {"image/png", "application/json"},
        }) {
      HttpResponse<String> answer = get("/api/v1/events", "Accept", each[0]);
      assertThat(answer.headers().firstValue("Content-Type").orElseThrow())
          .as(each[0])
          .startsWith(each[1]);
      assertThat(answer.headers().firstValue("Vary")).contains("Accept");
    }
  }

  @Test
  void aStreamThatCannotBeginOrWouldEndIsRefused() throws Exception {
    for (String[] each :
        new String[][] {
          {"?limit=1", "0", "takes no limit"},
          {"?after=3", "", "after is 3, but the newest event is 2: "},
          {"?after=0", "3", "Last-Event-ID is 3, but the newest event is 2: "},
        }) {
      HttpResponse<String> answer =
          get("/api/v1/events" + each[0], "Accept", "text/event-stream", "Last-Event-ID", each[1]);
      assertThat(answer.statusCode()).as(each[0]).isEqualTo(400);
      assertThat(answer.body()).contains(each[2]);
    }
    HttpResponse<java.io.InputStream> newest =
        client.send(
            request("/api/v1/events?after=7", "Accept", "text/event-stream", "Last-Event-ID", "2"),
            BodyHandlers.ofInputStream());
    assertThat(newest.statusCode()).as("what it has is not after the newest").isEqualTo(200);
    newest.body().close();
  }
}
