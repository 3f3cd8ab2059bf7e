package dev.stele.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.database.TestDatabase;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.TestManifest;
import dev.stele.server.ListenAddress;
import dev.stele.server.Node;
import dev.stele.server.ServerSettings;
import dev.stele.server.SteleServer;
import dev.stele.server.config.ConfigurationReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What commands answer beside a server is what it answers over HTTP, and what they may not do. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CommandAnswersTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String WHY = "CVE-2026-1, see the ticket";

  private final HttpClient http = HttpClient.newHttpClient();
  private TestDatabase database;
  private Path configuration;
  private Node node;
  private SteleServer server;
  private Digest digest;

  /** What a command answered. */
  private record Answer(int status, String text, String errors) {}

  @BeforeAll
  void serve(@TempDir Path folder) throws Exception {
    database = TestDatabase.create();
    configuration =
        Files.writeString(
            folder.resolve("stele.yaml"),
            """
            data: %s
            database: {url: "%s", user: "%s", password: "%s"}
            pulls: {record: every}
            gc: {enabled: false}
            retention:
              reason: keep it small
              policies: [{repositories: ["kept/**"], keep-tags: [{most-recently-pushed-count: 1}]}]
            """
                .formatted(
                    folder.resolve("data"), database.url(), database.user(), database.password()));
    node = Node.serve(ConfigurationReader.read(Optional.of(configuration), Map.of()));
    server =
        SteleServer.start(
            node.engine(), node.meters(), ServerSettings.on(new ListenAddress("127.0.0.1", 0)));
    byte[] index = TestManifest.index().bytes();
    digest = Digest.of(Digest.Algorithm.SHA256, index);
    for (String tag : List.of("v1", "v2", "prod")) {
      send("PUT", "/v2/team/app/manifests/" + tag, index);
      send("PUT", "/v2/kept/app/manifests/" + tag, index);
    }
    send("GET", "/v2/team/app/manifests/v1", null);
    HttpResponse<String> deleted =
        http.send(
            request("DELETE", "/v2/team/app/manifests/prod", null)
                .header("X-Stele-Reason", WHY)
                .build(),
            BodyHandlers.ofString(UTF_8));
    assertThat(deleted.statusCode()).as(deleted.body()).isEqualTo(202);
    send("PUT", "/v2/team/app/manifests/moved?reason=pr%C3%BCfung", index);
    node.engine().retention().run();
    send(
        "POST",
        "/api/v1/holds",
        "{\"repositories\":\"team/*\",\"tag\":\"v1\",\"reason\":\"case 7\"}".getBytes(UTF_8));
  }

  @AfterAll
  void stop() {
    server.close();
    node.close();
    database.close();
  }

  private HttpRequest.Builder request(String method, String address, byte[] body) {
    return HttpRequest.newBuilder(URI.create("http://" + server.address() + address))
        .header("Content-Type", MediaTypes.OCI_INDEX)
        .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
  }

  private JsonNode send(String method, String address, byte[] body) throws Exception {
    HttpResponse<String> answer =
        http.send(request(method, address, body).build(), BodyHandlers.ofString(UTF_8));
    assertThat(answer.statusCode()).as(address + " " + answer.body()).isBetween(200, 299);
    return answer.body().isEmpty() ? null : JSON.readTree(answer.body());
  }

  private Answer stele(String... arguments) {
    List<String> command = new ArrayList<>(List.of(arguments));
    command.addAll(List.of("--config", configuration.toString()));
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    try (PrintStream newOut = new PrintStream(printed, true, UTF_8);
        PrintStream newErr = new PrintStream(errors, true, UTF_8)) {
      System.setOut(newOut);
      System.setErr(newErr);
      int status = Stele.run(command.toArray(String[]::new));
      return new Answer(status, printed.toString(UTF_8), errors.toString(UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  private List<JsonNode> rows(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(arguments));
    command.add("--json");
    Answer answer = stele(command.toArray(String[]::new));
    assertThat(answer.status()).as(String.join(" ", arguments) + answer.errors()).isZero();
    List<JsonNode> rows = new ArrayList<>();
    for (String line : answer.text().lines().toList()) {
      rows.add(JSON.readTree(line));
    }
    return rows;
  }

  /** All rows, one a page. */
  private List<JsonNode> rowByRow(String address, String key) throws Exception {
    List<JsonNode> rows = new ArrayList<>();
    Optional<String> next =
        Optional.of(address.replace("limit=1000", "") + (address.contains("?") ? "&" : "?"))
            .map(each -> each.replace("&&", "&").replace("?&", "?") + "limit=1");
    Set<String> seen = new HashSet<>();
    while (next.isPresent()) {
      assertThat(seen.add(next.get())).as("asked again: " + next.get()).isTrue();
      HttpResponse<String> answer =
          http.send(request("GET", next.get(), null).build(), BodyHandlers.ofString(UTF_8));
      assertThat(answer.statusCode()).as(next.get() + " " + answer.body()).isEqualTo(200);
      JsonNode page = JSON.readTree(answer.body()).required(key);
      assertThat(page.size()).as(next.get()).isEqualTo(1);
      page.forEach(rows::add);
      next = answer.headers().firstValue("Link").map(link -> link.substring(1, link.indexOf('>')));
    }
    return rows;
  }

  /**
   * The command's rows are those that HTTP has under a key, at once or page by page; or the one
   * thing that it answers.
   */
  private void same(String address, String key, String... command) throws Exception {
    JsonNode answer = send("GET", address, null);
    List<JsonNode> expected = new ArrayList<>();
    if (key.isEmpty()) {
      expected.add(answer);
    } else {
      answer.required(key).forEach(expected::add);
      assertThat(rowByRow(address, key)).as(address).isEqualTo(expected);
    }
    assertThat(rows(command)).as(address).isNotEmpty().isEqualTo(expected);
  }

  @Test
  void theJsonOfACommandIsTheAnswerOverHttp() throws Exception {
    String app = "/api/v1/repositories/team/app/-/";
    same("/api/v1/events?limit=1000", "items", "events");
    same(
        "/api/v1/events?order=desc&tag=v%3F&limit=1000",
        "items", "events", "--tag", "v?", "--newest-first");
    same("/api/v1/events/3", "", "event", "3");
    same("/api/v1/digests/" + digest + "?order=asc", "items", "digest", digest.toString());
    same("/api/v1/tags?digest=" + digest, "items", "digest", digest.toString(), "--tags");
    same("/api/v1/tag-moves", "items", "tag-moves");
    same("/api/v1/pulls", "items", "pulls");
    same("/api/v1/exposure/periods?digest=" + digest, "items", "exposure", digest.toString());
    same(
        "/api/v1/exposure/pulls?digest=" + digest,
        "items",
        "exposure",
        "--pulls",
        digest.toString());
    same("/api/v1/repositories", "items", "repositories");
    same(app + "tags", "items", "tags", "team/app");
    same(app + "manifests", "items", "manifests", "team/app");
    same(app + "diff?from=p0", "items", "diff", "team/app", "p0");
    same(app + "pullable?from=p0", "items", "pullable", "team/app", "p0");
    same(app + "tags/prod/history", "items", "tag-history", "team/app:prod");
    String then = newest();
    same(
        app + "tags/prod/retention?at=" + then,
        "",
        "retention",
        "explain",
        "team/app:prod",
        "--at",
        then);
    same("/api/v1/retention/evaluations", "items", "retention", "log");
    same("/api/v1/holds?state=all", "items", "hold", "list", "--all");
  }

  @Test
  void aPolicyAndWhatWasDecidedUnderItAreReadByWhatTheLogOfRetentionNames() throws Exception {
    JsonNode evaluation = rows("retention", "log").getFirst();
    for (String name : List.of("policy", "decisions")) {
      String document = evaluation.get(name).asText();
      HttpResponse<String> answer =
          http.send(
              request("GET", "/api/v1/documents/" + document, null).build(),
              BodyHandlers.ofString(UTF_8));
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      assertThat(Digest.of(Digest.Algorithm.SHA256, answer.body().getBytes(UTF_8)))
          .hasToString(document);
      // As the table prints it.
      assertThat(stele("document", document.substring(0, 19)).text()).isEqualTo(answer.body());
    }
    assertThat(stele("document", digest.toString()).errors())
        .contains("no event names a policy or decisions by " + digest);
  }

  @Test
  void whatIsCutOffIsTold() {
    assertThat(stele("events", "--limit", "2").text())
        .contains("2 events")
        .contains("Only the first 2 are shown (--limit); there are more.");
    assertThat(stele("events").text()).doesNotContain("there are more");
    assertThat(stele("event", "p3").text()).isEqualTo(stele("event", "3").text());
    assertThat(stele("event", "third").errors()).contains("such as 97, not third");
  }

  @Test
  void aReasonThatIsNoneOrIsGivenTwiceIsRefused() throws Exception {
    byte[] index = TestManifest.index().bytes();
    for (String reason : List.of("?reason=a", "?reason=")) {
      HttpResponse<String> answer =
          http.send(
              request("PUT", "/v2/other/app/manifests/v1" + reason, index)
                  .header("X-Stele-Reason", "b")
                  .build(),
              BodyHandlers.ofString(UTF_8));
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(answer.body()).contains("there are two reasons");
    }
    byte[] restore = "{\"at\":\"p1\",\"tag\":\"v1\",\"reason\":\"a\"}".getBytes(UTF_8);
    HttpResponse<String> restored =
        http.send(
            request("POST", "/api/v1/repositories/other/app/-/restore?reason=b", restore).build(),
            BodyHandlers.ofString(UTF_8));
    assertThat(restored.statusCode()).isEqualTo(400);
    assertThat(restored.body()).contains("there are two reasons");
    HttpResponse<String> empty =
        http.send(
            request("PUT", "/v2/other/app/manifests/v1?reason=", index).build(),
            BodyHandlers.ofString(UTF_8));
    assertThat(empty.statusCode()).as(empty.body()).isEqualTo(400);
    assertThat(empty.body()).contains("must say why");
  }

  @Test
  void aHeaderThatSaysDifferentThingsIsRefused() throws Exception {
    byte[] index = TestManifest.index().bytes();
    for (Map.Entry<String, List<String>> each :
        Map.of(
                "Content-Type", List.of(MediaTypes.OCI_INDEX, MediaTypes.DOCKER_LIST),
                "X-Stele-Reason", List.of("a", "b"))
            .entrySet()) {
      HttpRequest.Builder request =
          request("PUT", "/v2/other/app/manifests/v1", index)
              .setHeader("Content-Type", MediaTypes.OCI_INDEX);
      request.setHeader(each.getKey(), each.getValue().getFirst());
      request.header(each.getKey(), each.getValue().getLast());
      HttpResponse<String> answer = http.send(request.build(), BodyHandlers.ofString(UTF_8));
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(answer.body()).contains(each.getKey() + " must not be given more than once");
    }
  }

  private String newest() throws Exception {
    return "p" + send("GET", "/api/v1/events?order=desc&limit=1", null).at("/items/0/position");
  }

  @Test
  void aRemovalByRetentionHasTheTimeOfItsEvent() throws Exception {
    JsonNode event =
        rows("events", "--cause", "RETENTION", "--repository", "kept/app", "--tag", "v1")
            .getFirst();
    JsonNode evaluation = rows("retention", "log").getFirst();
    JsonNode removed = rows("retention", "explain", "kept/app:v1").getFirst().get("removed");
    assertThat(removed.get("position")).isEqualTo(event.get("position"));
    assertThat(removed.get("at")).isEqualTo(event.get("recordedAt"));
    assertThat(removed.get("evaluation")).isEqualTo(evaluation.get("position"));
    assertThat(removed.get("evaluatedAt")).isEqualTo(evaluation.get("evaluatedAt"));
    assertThat(stele("retention", "explain", "kept/app:v1").text())
        .contains("It was removed at " + event.get("recordedAt").asText())
        .contains(
            "decided from the events before position %d, at %s"
                .formatted(
                    evaluation.get("inputPosition").asLong(),
                    evaluation.get("evaluatedAt").asText()));
    JsonNode replayed =
        send(
            "POST",
            "/api/v1/repositories/kept/app/-/retention/replay?from=p0&every=recorded",
            "retention: {policies: []}".getBytes(UTF_8));
    assertThat(replayed.get("items"))
        .filteredOn(row -> row.get("tag").asText().equals("v1"))
        .singleElement()
        .satisfies(
            row -> {
              assertThat(row.at("/inFact/at")).isEqualTo(event.get("recordedAt"));
              assertThat(row.at("/inFact/evaluatedAt")).isEqualTo(evaluation.get("evaluatedAt"));
              assertThat(row.at("/underPolicy/kept").asBoolean()).isTrue();
            });
  }

  @Test
  void whatIsExposedOfADigestThatIsNotOnRecord() throws Exception {
    Digest unknown = Digest.of(Digest.Algorithm.SHA256, "never seen".getBytes(UTF_8));
    for (String address : List.of("exposure", "exposure/periods", "exposure/pulls")) {
      HttpResponse<String> answer =
          http.send(
              request("GET", "/api/v1/" + address + "?digest=" + unknown, null).build(),
              BodyHandlers.ofString(UTF_8));
      assertThat(answer.statusCode()).as(address).isEqualTo(404);
      assertThat(answer.body()).contains("no event speaks of " + unknown);
      send("GET", "/api/v1/" + address + "?digest=" + digest, null);
    }
    Answer told = stele("exposure", unknown.toString());
    assertThat(told.status()).isZero();
    assertThat(told.text()).contains("No manifest that was ever put is or names " + unknown);
  }

  @Test
  void aReasonIsInTheRecordAndShown() throws Exception {
    JsonNode deleted =
        rows("events", "--type", "TagDeleted", "--repository", "team/app").getFirst();
    assertThat(deleted.at("/cause/kind").asText()).isEqualTo("CLIENT_REQUEST");
    assertThat(deleted.at("/cause/reason").asText()).isEqualTo(WHY);
    assertThat(rows("tag-history", "team/app:prod").getFirst().at("/until/cause/reason").asText())
        .isEqualTo(WHY);
    assertThat(rows("tag-history", "team/app:moved").getFirst().at("/from/cause/reason").asText())
        .isEqualTo("pr\u00fcfung");
    assertThat(stele("retention", "explain", "team/app:prod").text())
        .contains("a client deleted it", "by anonymous (position ", WHY);
    assertThat(rows("retention", "log").getFirst().get("reason").asText())
        .isEqualTo("keep it small");
    assertThat(stele("tag-moves", "--tag", "prod").text()).contains('"' + WHY + '"');
    assertThat(stele("tag-history", "team/app:prod").text())
        .contains("UNTIL CAUSE", "CLIENT_REQUEST \"" + WHY + '"');
    HttpResponse<String> refused =
        http.send(
            request("DELETE", "/v2/team/app/manifests/v2?reason=" + "x".repeat(1001), null).build(),
            BodyHandlers.ofString(UTF_8));
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body()).contains("reason has at most 1000 characters");
    assertThat(rows("tag-history", "team/app:v2").getFirst().has("until")).isFalse();
    String then = newest();
    send("DELETE", "/v2/team/app/manifests/v2", null);
    assertThat(
            stele("restore", "team/app", "--tag", "v2", "--at", then, "--reason", "by mistake")
                .status())
        .isZero();
    assertThat(rows("tag-history", "team/app:v2").getFirst().at("/from/cause/reason").asText())
        .isEqualTo("by mistake");
    assertThat(stele("pullable", "team/app", "p0").text())
        .contains("RESTORE position ", "by mistake");
  }

  @Test
  void aTagsHistorySaysWhyItWent() throws Exception {
    assertThat(rows("tag-history", "kept/app:v1").getFirst().at("/until/cause/kind").asText())
        .isEqualTo("RETENTION");
    byte[] index = TestManifest.index().bytes();
    send("PUT", "/v2/by/digest/manifests/x", index);
    send("DELETE", "/v2/by/digest/manifests/" + digest, null);
    JsonNode cause = rows("tag-history", "by/digest:x").getFirst().at("/until/cause");
    assertThat(cause.path("kind").asText()).isEqualTo("DIGEST_DELETE");
    assertThat(cause.path("detail").asText()).isEqualTo(digest.toString());
  }

  @Test
  void aHoldSaysWhatItCovers() throws Exception {
    JsonNode nothing = rows("hold", "place", "tea/app", "--reason", "slip").getFirst();
    assertThat(nothing.get("repositories").asText()).isEqualTo("tea/app");
    assertThat(nothing.get("coversNothing").asBoolean()).isTrue();
    JsonNode something =
        rows(
                "hold",
                "place",
                "team/*",
                "--digest",
                digest.toString().substring(0, 19),
                "--reason",
                "x")
            .getFirst();
    assertThat(something.get("digest").asText()).isEqualTo(digest.toString());
    assertThat(something.has("coversNothing")).isFalse();
    assertThat(stele("hold", "place", "none/**", "--tag", "v1", "--reason", "x").text())
        .contains("there is nothing now that it covers");
    assertThat(something.at("/placed/actor").asText())
        .isEqualTo("cli:" + ProcessHandle.current().info().user().orElseThrow());
    assertThat(stele("hold", "list").text())
        .contains(
            "COVERS",
            "tag v1 of repositories team/*, with what it points to",
            digest + " of repositories team/*, with what it refers to",
            "repository tea/app, with all that is there");
  }

  @Test
  void aRepositoryThatNeverWasIsToldWhateverIsAsked() {
    String whole = digest.toString();
    for (List<String> asked :
        List.of(
            List.of("events"),
            List.of("tag-moves"),
            List.of("pulls"),
            List.of("digest", whole),
            List.of("digest", whole, "--tags"),
            List.of("retention", "log"))) {
      List<String> command = new ArrayList<>(asked);
      command.addAll(List.of("--repository", "tee/app"));
      assertThat(stele(command.toArray(String[]::new)).text())
          .as(String.join(" ", command))
          .contains("The record has never heard of repository tee/app.");
    }
  }

  @Test
  void aDigestThatLacksItsAlgorithmIsToldWhichToPutBeforeIt() {
    assertThat(stele("digest", digest.hex()).errors()).contains("; put sha256: before it");
  }

  @Test
  void whatIsAnonymousIsRecordedSoWhateverNameIsGiven() throws Exception {
    HttpRequest push =
        request("PUT", "/v2/by/somebody/manifests/x", TestManifest.index().bytes())
            .header("Authorization", "Basic Ym9iOng=") // bob:x
            .build();
    assertThat(http.send(push, BodyHandlers.ofString(UTF_8)).statusCode()).isEqualTo(201);
    assertThat(rows("events", "--repository", "by/somebody"))
        .extracting(event -> event.get("actor").asText())
        .containsOnly("anonymous");
  }

  @Test
  void whyATagStaysNamesTheHoldThatKeepsIt() throws Exception {
    send("PUT", "/v2/kept/held/manifests/old", TestManifest.index().bytes());
    send("PUT", "/v2/kept/held/manifests/new", TestManifest.index().bytes());
    rows("hold", "place", "kept/held", "--tag", "old", "--reason", "case 9");
    String told = stele("retention", "explain", "kept/held:old").text();
    assertThat(told)
        .contains("stays, held by ", "the hold is on tag old of kept/held; placed by cli:")
        .contains(": \"case 9\"");
    JsonNode hold = rows("retention", "explain", "kept/held:old").getFirst().path("hold");
    assertThat(hold.at("/reason").asText()).isEqualTo("case 9");
    assertThat(rows("retention", "explain", "kept/held:new").getFirst().has("hold")).isFalse();
    send("DELETE", "/v2/kept/held/manifests/new", null);
  }

  @Test
  void previewCountsTheRepositoriesOfWhatWouldGo() throws Exception {
    Path policy =
        Files.writeString(
            configuration.resolveSibling("all.yaml"),
            "policies: [{repositories: ['kept/**'], keep-tags: [{patterns: ['^never$']}]}]");
    assertThat(stele("retention", "preview", "--policy", policy.toString()).text())
        .contains("1 tag of 1 repository would go and ");
    String option = "--policy=" + policy;
    for (String[] mistyped :
        new String[][] {
          {"retention", "preview", option, "--repository", "kept/ap"},
          {"retention", "replay", option, "--from", "p0", "--repository", "kept/ap"}
        }) {
      assertThat(stele(mistyped).text())
          .contains("The record has never heard of repository kept/ap.");
    }
    assertThat(stele("retention", "preview", option, "--repository", "kept/app").text())
        .doesNotContain("never heard");
  }

  @Test
  void aDatabaseOfAnotherVersionIsLeftAsItIs() throws Exception {
    try (Connection owner = database.connect();
        Statement statement = owner.createStatement()) {
      statement.execute(
          """
          INSERT INTO flyway_schema_history
            (installed_rank, version, description, type, script, installed_by, execution_time, success)
          VALUES (9999, '9999', 'newer', 'SQL', 'V9999__newer.sql', 'x', 0, true)
          """);
      Answer refused = stele("tags", "team/app");
      assertThat(refused.status()).isEqualTo(1);
      assertThat(refused.text()).isEmpty();
      assertThat(refused.errors())
          .contains("is at schema 9999 and this program knows schema ")
          .contains("use the program of the version that serves it");
      statement.execute("DELETE FROM flyway_schema_history WHERE version = '9999'");
      statement.execute(
          "UPDATE flyway_schema_history SET version = '0' WHERE version = (SELECT"
              + " max(version::integer)::text FROM flyway_schema_history)");
      assertThat(stele("hold", "list").errors()).contains("which migrates it");
      statement.execute(
          "UPDATE flyway_schema_history SET version = (SELECT (max(version::integer) + 1)::text"
              + " FROM flyway_schema_history) WHERE version = '0'");
    }
  }

  @Test
  void aKeyAloneGoesToStandardOutput() {
    Answer created = stele("robot", "create", "ci", "--expires", "30d", "--description", "Builds");
    assertThat(created.status()).as(created.errors()).isZero();
    assertThat(created.text()).matches("stele_rk_[0-9a-f]{12}_[A-Za-z0-9_-]{51}\n");
    String id = created.text().substring(9, 21);
    assertThat(created.errors())
        .startsWith("robot+ci can sign in until ")
        .contains(" by key " + id + ", which is shown this once:")
        .doesNotContain(created.text().substring(22).strip());
    Answer issued = stele("robot", "key", "issue", "ci", "--expires", "13d");
    String second = issued.text().substring(9, 21);
    assertThat(stele("robot", "list").text())
        .contains(id + " until ")
        .contains(second + " until ")
        .contains(" (expires soon)")
        .contains("Builds")
        .doesNotContain("stele_rk_");
    Answer third = stele("robot", "key", "issue", "ci");
    assertThat(third.status()).isEqualTo(1);
    assertThat(third.text()).isEmpty();
    assertThat(third.errors()).contains("robot ci has 2 keys that count, " + id + " and " + second);
    assertThat(stele("robot", "key", "revoke", "ci", id).text())
        .isEqualTo("Key " + id + " of robot+ci does not count any more\n");
    assertThat(stele("robot", "key", "revoke", "ci", "a?b c").errors())
        .contains("robot ci has no such key now");
    assertThat(stele("robot", "remove", "ci").text())
        .isEqualTo("robot+ci cannot sign in any more\n");
    assertThat(stele("robot", "remove", "ci").errors()).contains("there is no robot ci");
    Answer wrong = stele("robot", "create", "CI");
    assertThat(wrong.status()).isEqualTo(2);
    assertThat(wrong.errors()).contains("must be a robot's name");
    Answer soon = stele("robot", "create", "late", "--expires", "1000d");
    assertThat(soon.status()).isEqualTo(2);
    assertThat(soon.errors()).contains("expires must be longer than nothing and at most 366d");
  }
}
