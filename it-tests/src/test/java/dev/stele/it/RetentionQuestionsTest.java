package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Retention asked again of the record, on the command line and over HTTP. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RetentionQuestionsTest {
  private static final String APP = "team/app";
  private static final String STRICT =
      "retention: {policies: [{repositories: ['team/**'], keep-tags: [{most-recently-pushed-count:"
          + " 1}]}]}";
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private static Path folder;
  private Path strict;
  private SteleProcess server;
  private RegistryClient client;

  @BeforeAll
  void start() throws Exception {
    Path configuration = folder.resolve("stele.yaml");
    Files.writeString(
        configuration,
        """
        gc: {interval: 200ms, grace: 1h}
        retention:
          policies:
          - repositories: ["team/**"]
            keep-tags:
            - most-recently-pushed-count: 2
        """);
    strict = Files.writeString(folder.resolve("strict.yaml"), STRICT);
    server =
        SteleProcess.start(
            folder.resolve("data"),
            Map.of(),
            List.of(),
            List.of("--config", configuration.toString()));
    client = server.client();
    for (int i = 1; i <= 3; i++) {
      client.push(APP, "v" + i, SmallImages.image("build " + i));
    }
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (client.tags(APP).contains("v1")) {
      assertThat(System.nanoTime()).as(() -> server.logTail()).isLessThan(deadline);
      Thread.sleep(50);
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

  private SteleProcess.CommandResult stele(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of("retention"));
    all.addAll(List.of(arguments));
    all.addAll(List.of("--data", server.data().toString()));
    return SteleProcess.run(all.toArray(String[]::new));
  }

  private List<JsonNode> rows(String... arguments) throws Exception {
    SteleProcess.CommandResult result = stele(arguments);
    assertThat(result.exitStatus()).as(result.output()).isZero();
    List<JsonNode> rows = new ArrayList<>();
    for (String line : result.output().lines().filter(each -> each.startsWith("{")).toList()) {
      rows.add(JSON.readTree(line));
    }
    return rows;
  }

  private HttpResponse<String> post(String address, String body) throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(
          HttpRequest.newBuilder(URI.create(server.base() + address))
              .header("Content-Type", "application/yaml")
              .POST(BodyPublishers.ofString(body))
              .build(),
          BodyHandlers.ofString(UTF_8));
    }
  }

  @Test
  void aStricterPolicyIsTriedOnThePresentAndOnThePast() throws Exception {
    List<JsonNode> now = rows("preview", "--policy", strict.toString(), "--json");
    assertThat(now).extracting(row -> row.get("tag").asText()).containsExactly("v2");
    long second =
        client.eventsOf(APP).stream()
            .filter(e -> e.tag().equals("v2"))
            .findFirst()
            .orElseThrow()
            .position();
    List<JsonNode> then =
        rows("preview", "--policy", strict.toString(), "--at", "p" + second, "--json");
    assertThat(then).extracting(row -> row.get("tag").asText()).containsExactly("v1");

    JsonNode page =
        JSON.readTree(
            post(
                    "/api/v1/repositories/team/app/-/retention/preview?at=p" + second + "&limit=1",
                    STRICT)
                .body());
    assertThat(page.get("kept").asInt()).isEqualTo(1);
    assertThat(page.get("removed").asInt()).isEqualTo(1);
    assertThat(page.get("items")).hasSize(1);
    assertThat(page.get("next").asText()).endsWith("&last=v1");
  }

  @Test
  void aStricterPolicyIsReplayedAgainstWhatWas() throws Exception {
    List<JsonNode> rows =
        rows("replay", "--policy", strict.toString(), "--from", "p0", "--all", "--json");
    assertThat(rows)
        .extracting(row -> row.get("tag").asText() + " " + row.get("difference").asText())
        .containsExactly("v1 same", "v2 would_be_removed", "v3 same");
    JsonNode answer =
        JSON.readTree(
            post("/api/v1/repositories/team/app/-/retention/replay?from=p0", STRICT).body());
    assertThat(answer.get("items")).hasSize(1);
    assertThat(answer.get("items").get(0).get("underPolicy").get("why").asText())
        .isEqualTo("not kept by any rule of keep-tags[0]");
  }

  @Test
  void aRemovedTagIsExplainedByTheEvaluationThatTookIt() throws Exception {
    SteleProcess.CommandResult explained = stele("explain", "team/app:v1");
    assertThat(explained.exitStatus()).isZero();
    assertThat(explained.output())
        .contains("It was removed at ")
        .contains("goes, not kept by any rule of keep-tags[0]")
        .contains("number 3 in its entry, newest first");
    JsonNode kept =
        RegistryClient.json(
            client.send("GET", "/api/v1/repositories/team/app/-/tags/v3/retention"));
    assertThat(kept.get("keeps").asBoolean()).isTrue();
    assertThat(kept.get("pushedRank").asInt()).isEqualTo(1);
    SteleProcess.CommandResult never = stele("explain", "team/app:v9");
    assertThat(never.exitStatus()).isEqualTo(1);
    assertThat(never.output()).contains("there was no tag team/app:v9");
  }

  @Test
  void pastDecisionsAreListedAndMadeAgain() throws Exception {
    assertThat(rows("log", "--json")).hasSize(1);
    List<JsonNode> checks = rows("verify", "--all", "--json");
    assertThat(checks).hasSize(1);
    assertThat(checks.getFirst().get("equal").asBoolean()).isTrue();
    JsonNode evaluations = RegistryClient.json(client.send("GET", "/api/v1/retention/evaluations"));
    assertThat(evaluations.get("items").get(0).get("removed").asInt()).isEqualTo(1);
  }

  @Test
  void whatIsNoPolicyIsRefusedWithThePlace() throws Exception {
    HttpResponse<String> answer =
        post(
            "/api/v1/repositories/team/app/-/retention/preview",
            "policies: [{repositories: ['**'], keep-tag: []}]");
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("policies[0]").contains("keep-tag");
    Path wrong = Files.writeString(folder.resolve("wrong.yaml"), "policies: 3");
    SteleProcess.CommandResult refused = stele("preview", "--policy", wrong.toString());
    assertThat(refused.exitStatus()).isEqualTo(2);
    assertThat(refused.output()).contains("is no retention policy: policies");
  }
}
