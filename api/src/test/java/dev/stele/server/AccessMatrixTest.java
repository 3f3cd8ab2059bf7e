package dev.stele.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import at.favre.lib.crypto.bcrypt.BCrypt;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.stele.oci.Digest;
import dev.stele.oci.Sizes;
import dev.stele.oci.TestManifest;
import dev.stele.policy.AccessPolicy;
import dev.stele.server.audit.Audit;
import dev.stele.server.audit.CloudEvents;
import dev.stele.server.audit.SigningIn;
import dev.stele.server.auth.ServerKey;
import dev.stele.server.auth.TokenAuthority;
import dev.stele.server.config.Configuration;
import dev.stele.server.distribution.DistributionRoute;
import dev.stele.server.http.RawPath;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every method at every address that the server has, asked by callers who may do different things:
 * exactly what the policy says. What each needs stands here once more, by hand.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AccessMatrixTest {
  private static final String IMAGE = "application/vnd.oci.image.manifest.v1+json";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final byte[] CONFIG = "{}".getBytes(UTF_8);
  private static final String HOLD = "123e4567-e89b-12d3-a456-426614174000";
  private static final String NOT_SIGNED_IN = "anonymous";

  private static final String POLICY =
      """
      administrators: [root]
      groups: {auditors: [auditor]}
      rules:
        - {repositories: ["**"], groups: [auditors], may: [read-record, retention]}
        - {repositories: ["**"], users: [scraper], may: [metrics]}
        - {repositories: ["team/**"], groups: [auditors], may: [read-record, retention]}
        - {repositories: ["team/**"], users: [reader], may: [pull]}
        - {repositories: ["team/**"], users: [writer], may: [pull, push, delete]}
        - {repositories: ["team/**"], users: [holder], may: [hold, release-hold, restore]}
        - {repositories: ["othr/**"], groups: [auditors], may: [read-record, retention]}
        - {repositories: ["othr/**"], users: [robot], may: [pull, push, delete, read-record, hold]}
      """;

  /** What each caller may do in team/app; a word in capitals: everywhere. */
  private static final Map<String, Set<String>> RIGHTS =
      Map.of(
          NOT_SIGNED_IN,
          Set.of(),
          "reader",
          Set.of("entry", "pull", "LISTS:pull"),
          "writer",
          Set.of("entry", "pull", "push", "delete", "LISTS:pull"),
          "robot",
          Set.of("entry", "LISTS:pull", "LISTS:read-record", "LISTS:holds", "BODY:hold"),
          "auditor",
          Set.of(
              "entry",
              "read-record",
              "retention",
              "ALL:read-record",
              "ALL:retention",
              "LISTS:read-record",
              "LISTS:holds"),
          "scraper",
          Set.of("entry", "ALL:metrics"),
          "holder",
          Set.of("entry", "hold", "release-hold", "restore", "BODY:release-hold", "LISTS:holds"),
          "nobody",
          Set.of("entry"));

  /** What a request needs, in the words above; `*` is any administrator's. */
  private static final Map<String, String> NEEDS = new LinkedHashMap<>();

  static {
    NEEDS.put("GET /v2/", "entry");
    NEEDS.put("GET /v2/_catalog", "LISTS:pull");
    NEEDS.put("GET /v2/team/app/tags/list", "pull");
    NEEDS.put("GET /v2/team/app/manifests/v1", "pull");
    NEEDS.put("HEAD /v2/team/app/manifests/v1", "pull");
    NEEDS.put("GET /v2/team/app/blobs/{config}", "pull");
    NEEDS.put("HEAD /v2/team/app/blobs/{config}", "pull");
    NEEDS.put("GET /v2/team/app/referrers/{image}", "pull");
    NEEDS.put("GET /v2/team/app/_oci/tag-history/v1", "pull");
    NEEDS.put("PUT /v2/team/app/manifests/new", "push");
    NEEDS.put("POST /v2/team/app/blobs/uploads/", "push");
    NEEDS.put("GET /v2/team/app/blobs/uploads/" + HOLD, "push");
    NEEDS.put("PATCH /v2/team/app/blobs/uploads/" + HOLD, "push");
    NEEDS.put("PUT /v2/team/app/blobs/uploads/" + HOLD, "push");
    NEEDS.put("DELETE /v2/team/app/blobs/uploads/" + HOLD, "push");
    NEEDS.put("DELETE /v2/team/app/manifests/gone", "delete");
    NEEDS.put("DELETE /v2/team/app/blobs/{absent}", "delete");
    NEEDS.put("GET /v2/at/p3/", "entry");
    NEEDS.put("GET /v2/at/p3/_catalog", "LISTS:pull");
    NEEDS.put("GET /v2/at/p3/team/app/tags/list", "pull");
    NEEDS.put("GET /v2/at/p3/team/app/manifests/v1", "pull");
    NEEDS.put("GET /v2/at/p3/team/app/blobs/{config}", "pull");
    NEEDS.put("GET /v2/at/p3/team/app/referrers/{image}", "pull");
    NEEDS.put("GET /v2/at/p3/team/app/_oci/tag-history/v1", "pull");
    NEEDS.put("POST /v2/at/p3/team/app/blobs/uploads/", "entry");
    NEEDS.put("PUT /v2/at/p3/team/app/blobs/uploads/" + HOLD, "entry");
    NEEDS.put("GET /livez", "");
    NEEDS.put("GET /readyz", "");
    NEEDS.put("GET /token", "");
    NEEDS.put("GET /metrics", "ALL:metrics");
    NEEDS.put("GET /api/v1/openapi.yaml", "entry");
    NEEDS.put("GET /api/v1/events", "ALL:read-record");
    NEEDS.put("GET /api/v1/events?repository=team/app", "read-record");
    NEEDS.put("GET /api/v1/events?repository=team/*", "ALL:read-record");
    NEEDS.put("GET /api/v1/events/{position}", "ALL:read-record");
    NEEDS.put("GET /api/v1/digests/{digest}", "ALL:read-record");
    NEEDS.put("GET /api/v1/tags", "ALL:read-record");
    NEEDS.put("GET /api/v1/tag-moves", "ALL:read-record");
    NEEDS.put("GET /api/v1/tag-moves?repository=team/app", "read-record");
    NEEDS.put("GET /api/v1/pulls", "ALL:read-record");
    NEEDS.put("GET /api/v1/pulls?repository=team/app", "read-record");
    NEEDS.put("GET /api/v1/exposure", "ALL:read-record");
    NEEDS.put("GET /api/v1/exposure/periods", "ALL:read-record");
    NEEDS.put("GET /api/v1/exposure/pulls", "ALL:read-record");
    NEEDS.put("GET /log/checkpoint", "ALL:read-record");
    NEEDS.put("GET /api/v1/events/{position}/proof", "ALL:read-record");
    NEEDS.put("POST /api/v1/evidence", "ALL:read-record");
    NEEDS.put("GET /log/tile/{level}/{tile}", "ALL:read-record");
    NEEDS.put("GET /log/tile/entries/{tile}", "ALL:read-record");
    NEEDS.put("GET /log/keys", "ALL:read-record");
    NEEDS.put("GET /log/policy", "ALL:read-record");
    NEEDS.put("GET /log/time-stamp", "ALL:read-record");
    NEEDS.put("GET /log/witnessed/checkpoint", "ALL:read-record");
    NEEDS.put("GET /log/witnessed/tile/{level}/{tile}", "ALL:read-record");
    NEEDS.put("GET /log/witnessed/tile/entries/{tile}", "ALL:read-record");
    NEEDS.put("GET /api/v1/approvals", "LISTS:holds");
    NEEDS.put("POST /api/v1/approvals/withdraw", "entry");
    NEEDS.put("GET /api/v1/holds", "LISTS:holds");
    NEEDS.put("GET /api/v1/holds/{id}", "LISTS:holds");
    NEEDS.put("POST /api/v1/holds", "hold");
    NEEDS.put("POST /api/v1/holds/{id}/release", "release-hold");
    NEEDS.put("GET /api/v1/actors", "ALL:read-record");
    NEEDS.put("POST /api/v1/actors/{id}/forget", "*");
    NEEDS.put("GET /api/v1/webhooks", "*");
    NEEDS.put("GET /api/v1/robots", "*");
    NEEDS.put("GET /api/v1/robots/{robot}", "*");
    NEEDS.put("POST /api/v1/robots", "*");
    NEEDS.put("POST /api/v1/robots/{robot}/remove", "*");
    NEEDS.put("POST /api/v1/robots/{robot}/keys", "*");
    NEEDS.put("POST /api/v1/robots/{robot}/keys/{key}/revoke", "*");
    NEEDS.put("GET /api/v1/sessions", "*");
    NEEDS.put("POST /api/v1/sessions/{session}/revoke", "*");
    NEEDS.put("GET /login/{issuer}", "");
    NEEDS.put("GET /login/{issuer}/callback", "");
    NEEDS.put("POST /login/{issuer}/device", "");
    NEEDS.put("POST /login/{issuer}/device/token", "");
    NEEDS.put("POST /logout", "entry");
    NEEDS.put("GET /api/v1/gc", "*");
    NEEDS.put("GET /api/v1/manifests/{digest}", "ALL:read-record");
    NEEDS.put("GET /api/v1/documents/{digest}", "ALL:read-record");
    NEEDS.put("GET /api/v1/repositories", "LISTS:read-record");
    NEEDS.put("GET /api/v1/repositories/{name}/-/tags", "read-record");
    NEEDS.put("GET /api/v1/repositories/{name}/-/tags/{tag}/history", "read-record");
    NEEDS.put("GET /api/v1/repositories/{name}/-/tags/{tag}/retention", "retention");
    NEEDS.put("POST /api/v1/repositories/{name}/-/tags/{tag}/retention", "retention");
    NEEDS.put("GET /api/v1/repositories/{name}/-/manifests", "read-record");
    NEEDS.put("GET /api/v1/repositories/{name}/-/referrers/{digest}", "read-record");
    NEEDS.put("GET /api/v1/repositories/{name}/-/diff", "read-record");
    NEEDS.put("GET /api/v1/repositories/{name}/-/pullable", "read-record");
    NEEDS.put("POST /api/v1/repositories/{name}/-/evidence", "read-record");
    NEEDS.put("POST /api/v1/repositories/{name}/-/restore", "restore");
    NEEDS.put("POST /api/v1/repositories/{name}/-/retention/preview", "retention");
    NEEDS.put("POST /api/v1/repositories/{name}/-/retention/replay", "retention");
    NEEDS.put("GET /api/v1/retention/evaluations", "ALL:read-record");
    NEEDS.put("POST /api/v1/retention/preview", "ALL:retention");
    NEEDS.put("POST /api/v1/retention/preview?repository=team/app", "retention");
    NEEDS.put("POST /api/v1/retention/replay", "ALL:retention");
    NEEDS.put("GET /api/v1/retention/verification", "ALL:retention");
  }

  private final HttpClient client = HttpClient.newHttpClient();
  private RegistryOnTestDatabase beneath;
  private SteleServer server;
  private Digest image;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    beneath = new RegistryOnTestDatabase(folder.resolve("blobs"));
    String hash = BCrypt.withDefaults().hashToString(4, "pw".toCharArray());
    StringBuilder users = new StringBuilder("root:" + hash + "\n");
    RIGHTS.keySet().stream()
        .filter(name -> !name.equals(NOT_SIGNED_IN))
        .forEach(name -> users.append(name).append(':').append(hash).append('\n'));
    Path htpasswd = Files.writeString(folder.resolve("users"), users);
    server =
        beneath.serve(
            ServerSettings.on(new ListenAddress("127.0.0.1", 0))
                .withHtpasswd(Optional.of(htpasswd))
                .withAccess(Optional.of(policy(POLICY))));
    for (String repository : List.of("team/app", "othr/app", "free/app")) {
      image = push(repository, "v1", "1");
    }
    assertThat(
            send(
                    "root",
                    "POST",
                    "/api/v1/holds",
                    "{\"id\": \"%s\", \"repositories\": \"team/app\", \"reason\": \"Case 7\"}"
                        .formatted(HOLD))
                .statusCode())
        .isEqualTo(201);
  }

  private static AccessPolicy policy(String yaml) throws Exception {
    return AccessPolicy.read("access", new YAMLMapper().readTree(yaml));
  }

  private Digest push(String repository, String tag, String version) throws Exception {
    Digest config = Sizes.digest(CONFIG);
    HttpResponse<String> blob =
        client.send(
            request("root", "/v2/" + repository + "/blobs/uploads/?digest=" + config)
                .POST(BodyPublishers.ofByteArray(CONFIG))
                .build(),
            BodyHandlers.ofString());
    assertThat(blob.statusCode()).as(blob.body()).isEqualTo(201);
    TestManifest manifest = TestManifest.image(config).annotation("version", version);
    HttpResponse<String> put = put("root", repository, tag, manifest);
    assertThat(put.statusCode()).as(put.body()).isEqualTo(201);
    return manifest.digest();
  }

  private HttpResponse<String> put(String caller, String repository, String tag, TestManifest it)
      throws Exception {
    return client.send(
        request(caller, "/v2/" + repository + "/manifests/" + tag)
            .header("Content-Type", IMAGE)
            .PUT(BodyPublishers.ofByteArray(it.bytes()))
            .build(),
        BodyHandlers.ofString());
  }

  @AfterAll
  void stop() throws Exception {
    client.close();
    server.close();
    beneath.close();
  }

  private HttpRequest.Builder request(String caller, String target) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://" + server.address() + target));
    return caller.equals(NOT_SIGNED_IN)
        ? request
        : request.header(
            "Authorization",
            "Basic " + Base64.getEncoder().encodeToString((caller + ":pw").getBytes(UTF_8)));
  }

  private HttpResponse<String> send(String caller, String method, String target, String body)
      throws Exception {
    return client.send(
        request(caller, target)
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  /** As a caller sees a refusal: it says the same whether something is there or not. */
  private static boolean refused(HttpResponse<String> answer) throws Exception {
    if (answer.statusCode() == 401 || answer.statusCode() == 403) {
      return true;
    }
    return answer.statusCode() == 404
        && (answer.request().method().equals("HEAD")
            || (answer.body().contains("NAME_UNKNOWN")
                && answer.body().contains("there is no repository team/app\"")));
  }

  private String filled(String target) {
    return target
        .replace("{config}", Sizes.digest(CONFIG).toString())
        .replace("{image}", image.toString())
        .replace("{digest}", image.toString())
        .replace("{absent}", Sizes.digest(new byte[] {1}).toString())
        .replace("{name}", "team/app")
        .replace("{tag}", "v1")
        .replace("{position}", "0")
        .replace("{robot}", "ci")
        .replace("{key}", "0a1b2c3d4e5f")
        .replace("{session}", "0a1b2c3d4e5f")
        .replace("{issuer}", "corp")
        .replace("{level}", "0")
        .replace("{tile}", "000")
        .replace("{id}", HOLD);
  }

  @Test
  void everyRouteHasItsLine() {
    Set<String> lines = new TreeSet<>();
    NEEDS.keySet().forEach(line -> lines.add(line.replaceAll("\\?.*", "")));
    try (Audit audit =
        new Audit(
            beneath.engine(),
            beneath.meters(),
            new TokenAuthority(ServerKey.random(), InstantSource.system()),
            new CloudEvents(Optional.empty()),
            Configuration.AuditLimits.DEFAULT,
            1,
            () -> false)) {
      assertThat(audit.routes())
          .extracting(route -> route.method() + " " + route.template())
          .isSubsetOf(lines);
    }
    assertThat(
            new SigningIn(Map.of(), beneath.registry().sessions(), beneath.registry().accesses())
                .routes())
        .extracting(route -> route.method() + " " + route.template())
        .isSubsetOf(lines);
    Set<Class<?>> present = new HashSet<>();
    Set<Class<?>> past = new HashSet<>();
    for (String line : lines) {
      String path = filled(line.substring(line.indexOf(' ') + 1));
      boolean at = path.startsWith("/v2/at/p3/");
      DistributionRoute.parse(RawPath.parse(at ? "/v2/" + path.substring(10) : path))
          .ifPresent(route -> (at ? past : present).add(route.getClass()));
    }
    assertThat(present).containsExactlyInAnyOrder(DistributionRoute.class.getPermittedSubclasses());
    assertThat(past).containsExactlyInAnyOrder(DistributionRoute.class.getPermittedSubclasses());
  }

  @Test
  void whatIsAnsweredIsWhatThePolicySays() throws Exception {
    List<String> wrong = new ArrayList<>();
    for (Map.Entry<String, String> line : NEEDS.entrySet()) {
      String method = line.getKey().substring(0, line.getKey().indexOf(' '));
      String target = filled(line.getKey().substring(line.getKey().indexOf(' ') + 1));
      for (Map.Entry<String, Set<String>> caller : RIGHTS.entrySet()) {
        String body = body(method, target);
        HttpResponse<String> answer = send(caller.getKey(), method, target, body);
        boolean may = line.getValue().isEmpty() || caller.getValue().contains(line.getValue());
        if (refused(answer) == may
            || answer.statusCode() >= 500
            || (!may && caller.getKey().equals(NOT_SIGNED_IN) && answer.statusCode() != 401)) {
          wrong.add(
              "%s by %s, who %s: %d %s"
                  .formatted(
                      line.getKey(),
                      caller.getKey(),
                      may ? "may" : "may not",
                      answer.statusCode(),
                      answer.body().lines().findFirst().orElse("")));
        }
      }
      assertThat(refused(send("root", method, target, body(method, target))))
          .as(line.getKey())
          .isFalse();
    }
    assertThat(wrong).isEmpty();
  }

  private static String body(String method, String target) {
    if (!method.equals("POST")) {
      return "";
    }
    return switch (target) {
      case "/api/v1/holds" -> "{\"repositories\": \"team/app\", \"reason\": \"test\"}";
      case "/api/v1/holds/" + HOLD + "/release" -> "{\"reason\": \"\"}"; // Refused after the right.
      default -> "";
    };
  }

  @Test
  void listsNameWhatTheCallerMaySee() throws Exception {
    assertThat(names("reader", "/v2/_catalog", "repositories")).containsExactly("team/app");
    assertThat(names("robot", "/v2/_catalog", "repositories")).containsExactly("othr/app");
    assertThat(names("root", "/v2/_catalog", "repositories"))
        .containsExactly("free/app", "othr/app", "team/app");
    assertThat(names("robot", "/v2/at/p12/_catalog", "repositories")).containsExactly("othr/app");
    assertThat(names("robot", "/api/v1/repositories", "items"))
        .containsExactly("{\"repository\":\"othr/app\"}");
    HttpResponse<String> page = send("reader", "GET", "/v2/_catalog?n=1", "");
    assertThat(page.headers().firstValue("Link")).isEmpty();
  }

  private List<String> names(String caller, String target, String key) throws Exception {
    HttpResponse<String> answer = send(caller, "GET", target, "");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    List<String> names = new ArrayList<>();
    for (JsonNode item : JSON.readTree(answer.body()).get(key)) {
      names.add(item.isTextual() ? item.asText() : item.toString());
    }
    return names;
  }

  @Test
  void whoMayReleaseAHoldKnowsOfIt() throws Exception {
    List<String> placed = new ArrayList<>();
    for (String repositories : List.of("othr/app", "team/app", "**")) {
      HttpResponse<String> hold =
          send(
              "root",
              "POST",
              "/api/v1/holds",
              "{\"repositories\": \"%s\", \"reason\": \"Case 9\"}".formatted(repositories));
      assertThat(hold.statusCode()).as(hold.body()).isEqualTo(201);
      placed.add(hold.headers().firstValue("Location").orElseThrow());
    }
    try {
      assertThat(ofCase9("auditor")).containsExactly("**", "team/app", "othr/app");
      assertThat(ofCase9("holder")).containsExactly("team/app");
      assertThat(ofCase9("robot")).containsExactly("othr/app");
      assertThat(send("holder", "GET", placed.get(1), "").statusCode()).isEqualTo(200);
      HttpResponse<String> hidden = send("holder", "GET", placed.getFirst(), "");
      HttpResponse<String> absent =
          send(
              "holder", "GET", placed.getFirst().replaceFirst("[0-9a-f]{12}$", "0".repeat(12)), "");
      assertThat(hidden.statusCode()).isEqualTo(404).isEqualTo(absent.statusCode());
      assertThat(hidden.body().replaceAll("[0-9a-f]{12}\\b", ""))
          .isEqualTo(absent.body().replaceAll("[0-9a-f]{12}\\b", ""));
    } finally {
      for (String hold : placed) {
        send("root", "POST", hold + "/release", "{\"reason\": \"done\"}");
      }
    }
  }

  private List<String> ofCase9(String caller) throws Exception {
    HttpResponse<String> answer = send(caller, "GET", "/api/v1/holds?limit=4", "");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    List<String> names = new ArrayList<>();
    for (JsonNode item : JSON.readTree(answer.body()).get("items")) {
      if (item.get("reason").asText().equals("Case 9")) {
        names.add(item.get("repositories").asText());
      }
    }
    return names;
  }

  @Test
  void whatWaitsIsSeenByWhoMayDoIt() throws Exception {
    push("othr/app", "extra", "2");
    long before = beneath.registry().log().newestPosition();
    assertThat(send("root", "DELETE", "/v2/othr/app/manifests/extra", "").statusCode())
        .isEqualTo(202);
    server.adopt(
        Optional.of(
            policy(
                """
                administrators: [root]
                release-holds-by: 2
                restore-repositories-by: 2
                rules:
                  - {repositories: ["team/**"], users: [holder], may: [release-hold]}
                  - {repositories: ["othr/**"], users: [robot], may: [restore]}
                """)));
    try {
      HttpResponse<String> placed =
          send(
              "root",
              "POST",
              "/api/v1/holds",
              "{\"repositories\": \"team/app\", \"reason\": \"Case 10\"}");
      String hold = placed.headers().firstValue("Location").orElseThrow();
      assertThat(send("holder", "POST", hold + "/release", "{\"reason\": \"over\"}").statusCode())
          .isEqualTo(202);
      assertThat(
              send(
                      "robot",
                      "POST",
                      "/api/v1/repositories/othr/app/-/restore",
                      "{\"at\": \"p%d\"}".formatted(before))
                  .statusCode())
          .isEqualTo(202);
      assertThat(waiting("holder")).containsExactly("release-hold");
      assertThat(waiting("robot")).containsExactly("restore-repository");
      assertThat(waiting("root")).containsExactly("restore-repository", "release-hold");
      assertThat(send("reader", "GET", "/api/v1/approvals", "").statusCode()).isEqualTo(403);
      String approval =
          "{\"act\": \"release-hold\", \"repositories\": \"team/app\", \"subject\": \"%s\"}"
              .formatted(hold.substring(hold.lastIndexOf('/') + 1));
      String withdraw = "/api/v1/approvals/withdraw";
      assertThat(send("root", "POST", withdraw, approval).statusCode()).isEqualTo(404);
      assertThat(send("holder", "POST", withdraw, approval).statusCode()).isEqualTo(200);
      assertThat(waiting("holder")).isEmpty();
      assertThat(
              send("holder", "POST", withdraw, approval.replace("release-hold", "x")).statusCode())
          .isEqualTo(400);
    } finally {
      server.adopt(Optional.of(policy(POLICY)));
    }
  }

  private List<String> waiting(String caller) throws Exception {
    HttpResponse<String> answer = send(caller, "GET", "/api/v1/approvals", "");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return JSON.readTree(answer.body()).get("items").findValuesAsText("act");
  }

  @Test
  void whatOneMayNotSeeIsAnsweredAsIfItWereNotThere() throws Exception {
    for (String address : List.of("/tags/list", "/manifests/v1", "/blobs/" + image)) {
      HttpResponse<String> there = send("nobody", "GET", "/v2/team/app" + address, "");
      HttpResponse<String> absent = send("nobody", "GET", "/v2/team/xyz" + address, "");
      assertThat(there.statusCode()).isEqualTo(404).isEqualTo(absent.statusCode());
      assertThat(there.body().replace("app", "xyz")).isEqualTo(absent.body());
    }
  }

  @Test
  void aBlobIsNotMountedFromWhereItCannotBeRead() throws Exception {
    byte[] secret = "secret".getBytes(UTF_8);
    Digest digest = Sizes.digest(secret);
    client.send(
        request("root", "/v2/othr/app/blobs/uploads/?digest=" + digest)
            .POST(BodyPublishers.ofByteArray(secret))
            .build(),
        BodyHandlers.discarding());
    String uploads = "/v2/team/app/blobs/uploads/?mount=" + digest;
    assertThat(send("writer", "POST", uploads + "&from=othr/app", "").statusCode()).isEqualTo(202);
    assertThat(send("writer", "POST", uploads, "").statusCode()).isEqualTo(202);
    assertThat(send("writer", "POST", uploads + "&from=none/such", "").statusCode()).isEqualTo(202);
    assertThat(send("writer", "HEAD", "/v2/team/app/blobs/" + digest, "").statusCode())
        .isEqualTo(404);
    assertThat(send("root", "POST", uploads + "&from=othr/app", "").statusCode()).isEqualTo(201);
  }

  @Test
  void aHoldIsReleasedByAnotherWhereThePolicyAsksForTwo() throws Exception {
    server.adopt(
        Optional.of(
            policy(
                """
                administrators: [root]
                release-holds-by: another
                rules:
                  - {repositories: ["team/**"], users: [holder], may: [hold, release-hold]}
                """)));
    try {
      for (String placer : List.of("root", "holder")) {
        String other = placer.equals("root") ? "holder" : "root";
        HttpResponse<String> placed =
            send(
                placer,
                "POST",
                "/api/v1/holds",
                "{\"repositories\": \"team/app\", \"reason\": \"Case 8\"}");
        String release = placed.headers().firstValue("Location").orElseThrow() + "/release";
        HttpResponse<String> refused = send(placer, "POST", release, "{\"reason\": \"done\"}");
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(refused.body()).contains("somebody else must release it");
        assertThat(send(other, "POST", release, "{\"reason\": \"done\"}").statusCode())
            .isEqualTo(200);
      }
    } finally {
      server.adopt(Optional.of(policy(POLICY)));
    }
  }

  @Test
  void whatOutranksAllElseIsDoneBySeveralWhereThePolicySaysSo() throws Exception {
    Digest kept = push("free/app", "two", "2");
    long then =
        JSON.readTree(send("root", "GET", "/api/v1/events?order=desc&limit=1", "").body())
            .at("/items/0/position")
            .asLong();
    server.adopt(
        Optional.of(
            policy(
                """
                administrators: [root]
                release-holds-by: 2
                restore-repositories-by: 2
                rules:
                  - {repositories: ["free/**"], users: [holder], may: [hold, release-hold, pull]}
                  - {repositories: ["free/**"], users: [writer], may: [release-hold, restore, delete]}
                """)));
    try {
      HttpResponse<String> placed =
          send(
              "holder",
              "POST",
              "/api/v1/holds",
              "{\"repositories\": \"free/app\", \"reason\": \"Case 9\"}");
      String id = JSON.readTree(placed.body()).get("id").asText();
      String release = "/api/v1/holds/" + id + "/release";
      String why = "{\"reason\": \"done\"}";
      assertThat(send("holder", "POST", release, why).statusCode()).isEqualTo(403);
      assertThat(send("reader", "POST", release, why).statusCode()).isEqualTo(403);
      HttpResponse<String> first = send("writer", "POST", release, why);
      assertThat(first.statusCode()).as(first.body()).isEqualTo(202);
      JsonNode waiting = JSON.readTree(first.body());
      assertThat(waiting.get("act").asText()).isEqualTo("release-hold");
      assertThat(waiting.get("subject").asText()).isEqualTo(id);
      assertThat(waiting.get("needed").asInt()).isEqualTo(2);
      assertThat(waiting.get("by").toString()).isEqualTo("[\"writer\"]");
      HttpResponse<String> refused = send("writer", "DELETE", "/v2/free/app/manifests/two", "");
      assertThat(refused.statusCode()).as("it is in force").isEqualTo(403);
      assertThat(send("root", "GET", "/api/v1/approvals", "").body()).contains(id);
      assertThat(send("root", "GET", "/api/v1/approvals?format=csv", "").body())
          .contains("release-hold,free/app," + id + ",2,writer,");
      assertThat(send("root", "POST", release, why).statusCode()).isEqualTo(200);
      assertThat(send("root", "GET", "/api/v1/approvals", "").body()).doesNotContain(id);

      assertThat(send("writer", "DELETE", "/v2/free/app/manifests/two", "").statusCode())
          .isEqualTo(202);
      String restore = "/api/v1/repositories/free/app/-/restore";
      String whole = "{\"at\": \"p%d\"}".formatted(then);
      HttpResponse<String> asked = send("writer", "POST", restore, whole);
      assertThat(asked.statusCode()).as(asked.body()).isEqualTo(202);
      JsonNode answer = JSON.readTree(asked.body());
      assertThat(answer.get("restored").asBoolean()).isFalse();
      assertThat(answer.at("/waiting/subject").asText()).isEqualTo("p" + then);
      assertThat(send("holder", "GET", "/v2/free/app/manifests/two", "").statusCode())
          .isEqualTo(404);
      HttpResponse<String> done = send("root", "POST", restore, whole);
      assertThat(done.statusCode()).as(done.body()).isEqualTo(200);
      assertThat(JSON.readTree(done.body()).get("restored").asBoolean()).isTrue();
      assertThat(
              send("holder", "GET", "/v2/free/app/manifests/two", "")
                  .headers()
                  .firstValue("Docker-Content-Digest"))
          .contains(kept.toString());
    } finally {
      server.adopt(Optional.of(policy(POLICY)));
    }
  }

  private String token(String caller, String query) throws Exception {
    HttpResponse<String> answer = send(caller, "GET", "/token?service=stele" + query, "");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return JSON.readTree(answer.body()).get("token").asText();
  }

  private HttpResponse<String> bearing(String token, String method, String target)
      throws Exception {
    return client.send(
        request(NOT_SIGNED_IN, target)
            .header("Authorization", "Bearer " + token)
            .method(method, BodyPublishers.noBody())
            .build(),
        BodyHandlers.ofString());
  }

  private static String challenge(HttpResponse<String> answer) {
    return answer.headers().firstValue("WWW-Authenticate").orElseThrow();
  }

  @Test
  void aTokenIsForWhatWasAskedAndMayBeDone() throws Exception {
    String tags = "/v2/team/app/tags/list";
    HttpResponse<String> asked = send(NOT_SIGNED_IN, "GET", tags, "");
    assertThat(challenge(asked))
        .isEqualTo(
            "Bearer realm=\"http://%s/token\",service=\"stele\",scope=\"repository:team/app:pull\""
                .formatted(server.address()));
    String pull = token("writer", "&scope=repository:team/app:pull");
    assertThat(bearing(pull, "GET", tags).statusCode()).isEqualTo(200);
    HttpResponse<String> narrow = bearing(pull, "POST", "/v2/team/app/blobs/uploads/");
    assertThat(narrow.statusCode()).isEqualTo(401);
    assertThat(challenge(narrow))
        .endsWith("scope=\"repository:team/app:pull,push\",error=\"insufficient_scope\"");
    assertThat(bearing(pull, "GET", "/v2/_catalog").statusCode()).isEqualTo(401);
    assertThat(bearing(pull, "GET", "/v2/").statusCode()).isEqualTo(200);

    String push = token("writer", "&scope=repository:team/app:pull,push%20repository:x:*");
    assertThat(bearing(push, "POST", "/v2/team/app/blobs/uploads/").statusCode()).isEqualTo(202);
    assertThat(bearing(push, "DELETE", "/v2/team/app/manifests/none").statusCode()).isEqualTo(401);

    String reader =
        token("reader", "&scope=repository:team/app:pull,push&scope=registry:catalog:*");
    assertThat(bearing(reader, "GET", tags).statusCode()).isEqualTo(200);
    assertThat(bearing(reader, "POST", "/v2/team/app/blobs/uploads/").statusCode()).isEqualTo(403);
    assertThat(bearing(reader, "GET", "/v2/_catalog").body()).contains("team/app");

    String nobody = token(NOT_SIGNED_IN, "&scope=repository:team/app:pull");
    assertThat(bearing(nobody, "GET", tags).statusCode()).isEqualTo(401);
    assertThat(bearing(pull, "GET", "/token").statusCode()).isEqualTo(403);
    assertThat(bearing(pull + "x", "GET", tags).statusCode()).isEqualTo(401);
    assertThat(
            client
                .send(
                    HttpRequest.newBuilder(URI.create("http://" + server.address() + "/token"))
                        .header("Authorization", "Basic cm9vdDp3cm9uZw==")
                        .build(),
                    BodyHandlers.ofString())
                .statusCode())
        .isEqualTo(401);
  }

  @Test
  void whoSignsInMayDoMoreThanWhoDoesNot() throws Exception {
    server.adopt(
        Optional.of(
            policy(
                """
                rules:
                  - {repositories: ["**"], anonymous: true, may: [pull]}
                  - {repositories: ["**"], users: [writer], may: [push]}
                """)));
    try {
      assertThat(send(NOT_SIGNED_IN, "GET", "/v2/", "").statusCode()).isEqualTo(401);
      String nobody = token(NOT_SIGNED_IN, "&scope=repository:team/app:pull");
      assertThat(bearing(nobody, "GET", "/v2/").statusCode()).isEqualTo(200);
      assertThat(bearing(nobody, "GET", "/v2/team/app/tags/list").statusCode()).isEqualTo(200);
      assertThat(send(NOT_SIGNED_IN, "GET", "/v2/team/app/tags/list", "").statusCode())
          .isEqualTo(200);
      assertThat(bearing(nobody, "POST", "/v2/team/app/blobs/uploads/").statusCode())
          .isEqualTo(401);
      String writer = token("writer", "&scope=repository:team/app:pull,push");
      assertThat(bearing(writer, "POST", "/v2/team/app/blobs/uploads/").statusCode())
          .isEqualTo(202);
    } finally {
      server.adopt(Optional.of(policy(POLICY)));
    }
  }

  @Test
  void aStreamEndsWithTheRightThatItWasOpenedBy() throws Exception {
    HttpResponse<InputStream> stream =
        client.send(
            request("auditor", "/api/v1/events").header("Accept", "text/event-stream").build(),
            BodyHandlers.ofInputStream());
    assertThat(stream.statusCode()).isEqualTo(200);
    try (InputStream events = stream.body()) {
      assertThat(events.read()).isEqualTo(':');
      server.adopt(
          Optional.of(
              policy(
                  """
                  administrators: [root]
                  rules:
                    - {repositories: ["**"], users: [auditor], may: [pull]}
                  """)));
      // It is read to its end, which it would not have.
      assertThat(CompletableFuture.supplyAsync(() -> readAll(events)))
          .succeedsWithin(Duration.ofSeconds(20));
    } finally {
      server.adopt(Optional.of(policy(POLICY)));
    }
  }

  private static byte[] readAll(InputStream in) {
    try {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void beginningsOfDigestsAreForWhoeverMayReadEverything() throws Exception {
    String beginning = image.toString().substring(0, 20);
    String events = "/api/v1/events?digest=" + beginning + "&repository=othr/app";
    assertThat(send("auditor", "GET", events, "").statusCode()).isEqualTo(200);
    HttpResponse<String> confined = send("robot", "GET", events, "");
    assertThat(confined.statusCode()).isEqualTo(400);
    assertThat(confined.body()).contains("write the whole digest");
    assertThat(send("robot", "GET", events.replace(beginning, image.toString()), "").statusCode())
        .isEqualTo(200);
  }

  @Test
  void anUploadIsOnlyWhoseItIs() throws Exception {
    HttpResponse<String> begun = send("writer", "POST", "/v2/team/app/blobs/uploads/", "");
    String location = begun.headers().firstValue("Location").orElseThrow();
    assertThat(send("writer", "GET", location, "").statusCode()).isEqualTo(204);
    assertThat(send("root", "GET", location, "").statusCode()).isEqualTo(404);
    String bare = location.substring(0, location.lastIndexOf('.'));
    assertThat(send("writer", "GET", bare, "").statusCode()).isEqualTo(404);
    assertThat(send("writer", "GET", location.replace("team/app", "team/web"), "").statusCode())
        .isEqualTo(404);
    HttpResponse<String> other = send("root", "PATCH", location, "x");
    assertThat(other.statusCode()).isEqualTo(404);
    assertThat(other.body()).contains("BLOB_UPLOAD_UNKNOWN");
    assertThat(send("writer", "PATCH", location, "x").statusCode()).isEqualTo(202);
  }

  @Test
  void whoMayPushMakesTagsButDoesNotMoveThem() throws Exception {
    TestManifest next = TestManifest.image(Sizes.digest(CONFIG)).annotation("version", "2");
    assertThat(put("writer", "team/app", "v2", next).statusCode()).isEqualTo(201);
    assertThat(put("writer", "team/app", "v2", next).statusCode()).isEqualTo(201);
    HttpResponse<String> moved = put("writer", "team/app", "v1", next);
    assertThat(moved.statusCode()).isEqualTo(403);
    assertThat(moved.body()).contains("DENIED").contains("tag v1 of team/app points to " + image);
    server.adopt(
        Optional.of(
            policy(
                """
                rules:
                  - {repositories: ["team/**"], users: [writer], may: [pull, push, move-tag]}
                """)));
    try {
      assertThat(put("writer", "team/app", "v2", next).statusCode()).isEqualTo(201);
      assertThat(put("writer", "team/app", "v1", next).statusCode()).isEqualTo(201);
      assertThat(send("root", "GET", "/v2/team/app/tags/list", "").statusCode()).isEqualTo(404);
    } finally {
      server.adopt(Optional.of(policy(POLICY)));
      put(
          "root",
          "team/app",
          "v1",
          TestManifest.image(Sizes.digest(CONFIG)).annotation("version", "1"));
    }
  }
}
