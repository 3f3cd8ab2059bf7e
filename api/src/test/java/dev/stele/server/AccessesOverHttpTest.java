package dev.stele.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import at.favre.lib.crypto.bcrypt.BCrypt;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.event.Identity;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.policy.AccessPolicy;
import dev.stele.policy.ImmutableTags;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.TagPattern;
import dev.stele.registry.TestClient;
import dev.stele.server.auth.ServerKey;
import dev.stele.server.auth.SignedIn;
import dev.stele.server.auth.TokenAuthority;
import dev.stele.server.http.TokenScope;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What callers do at the door, and what the record says of it. */
class AccessesOverHttpTest {
  private static final RepositoryName APP = RepositoryName.parse("team/app");
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;
  private RegistryOnTestDatabase beneath;
  private SteleServer server;
  private Path users;

  @BeforeEach
  void start() throws Exception {
    users = Files.writeString(folder.resolve("users"), entry("root") + entry("ann"));
    beneath = new RegistryOnTestDatabase(folder.resolve("blobs"));
    server =
        beneath.serve(
            ServerSettings.on(new ListenAddress("127.0.0.1", 0))
                .withHtpasswd(Optional.of(users))
                .withAccess(
                    Optional.of(
                        AccessPolicy.read(
                            "access",
                            JSON.readTree(
                                """
                                {"administrators": ["root"], "release-holds-by": "another",
                                 "rules": [{"repositories": ["team/**"], "users": ["ann"],
                                   "may": ["pull", "push", "read-record"]}]}
                                """)))));
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    beneath.close();
  }

  private static String entry(String user) {
    return user + ":" + BCrypt.withDefaults().hashToString(4, user.toCharArray()) + "\n";
  }

  private HttpResponse<String> send(String user, String password, String method, String target)
      throws IOException, InterruptedException {
    return send(user, password, method, target, "");
  }

  private HttpResponse<String> send(
      String user, String password, String method, String target, String body)
      throws IOException, InterruptedException {
    return sendWith(
        "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(UTF_8)),
        method,
        target,
        body);
  }

  private HttpResponse<String> sendWith(
      String authorization, String method, String target, String body)
      throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(URI.create("http://" + server.address() + target))
              .header("User-Agent", "a test")
              .header("Authorization", authorization)
              .method(
                  method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
              .build(),
          BodyHandlers.ofString());
    }
  }

  private List<JsonNode> recorded(String type) throws Exception {
    beneath.registry().accesses().flush();
    HttpResponse<String> answer = send("root", "root", "GET", "/api/v1/events?type=" + type);
    assertThat(answer.statusCode()).isEqualTo(200);
    return StreamSupport.stream(JSON.readTree(answer.body()).get("items").spliterator(), false)
        .toList();
  }

  @Test
  void whoCameInAndWhoDidNot() throws Exception {
    assertThat(send("ann", "ann", "GET", "/v2/").statusCode()).isEqualTo(200);
    assertThat(send("ann", "ann", "GET", "/v2/").statusCode()).isEqualTo(200);
    assertThat(send("ann", "guess", "GET", "/v2/").statusCode()).isEqualTo(401);
    assertThat(send("hunter2", "guess", "GET", "/v2/").statusCode()).isEqualTo(401);
    assertThat(send("robot+ci", "guess", "GET", "/v2/").statusCode()).isEqualTo(401);
    assertThat(send("oidc", "eyJhbGciOiJub25lIn0.e30.", "GET", "/v2/").statusCode()).isEqualTo(401);
    assertThat(recorded("SignedIn"))
        .filteredOn(event -> event.get("actor").asText().equals("ann"))
        .singleElement()
        .satisfies(
            event -> {
              assertThat(event.get("actorKind").asText()).isEqualTo("USER");
              assertThat(event.at("/origin/address").asText()).isEqualTo("127.0.0.1");
              assertThat(event.at("/origin/agent").asText()).isEqualTo("a test");
              assertThat(event.at("/data/way").asText()).isEqualTo("password");
            });
    assertThat(recorded("SignInFailed"))
        .extracting(
            event -> event.get("actor").asText() + " " + event.get("actorKind").asText(),
            event -> event.at("/origin/address").asText(),
            event -> event.at("/data/reason").asText())
        .containsExactlyInAnyOrder(
            tuple("ann CLAIMED", "127.0.0.0/24", "wrong user name or password"),
            // What may be a password is not kept.
            tuple("stele:unknown CLAIMED", "127.0.0.0/24", "wrong user name or password"),
            tuple("robot+ci CLAIMED", "127.0.0.0/24", "wrong robot or key"),
            tuple(
                "stele:unknown CLAIMED",
                "127.0.0.0/24",
                "the token is of no issuer and audience that count here"));
  }

  /** Which every client has after a few minutes, and gets another. */
  @Test
  void aTokenThatExpiredIsNoFailedSignIn() throws Exception {
    String token =
        new TokenAuthority(
                new ServerKey(beneath.engine().secret()), () -> Instant.now().minusSeconds(600))
            .issue(
                Optional.of(
                    new SignedIn(
                        Identity.user("ann"), Set.of(), Optional.empty(), Optional.empty())),
                TokenScope.parse(List.of("repository:team/app:pull")))
            .token();
    Logger log = (Logger) LoggerFactory.getLogger(RequestDispatcher.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    log.addAppender(lines);
    log.setLevel(Level.INFO);
    try {
      HttpResponse<String> refused = sendWith("Bearer " + token, "GET", "/v2/", "");
      assertThat(refused.statusCode()).isEqualTo(401);
      assertThat(refused.headers().firstValue("WWW-Authenticate").orElse(""))
          .contains("error=\"invalid_token\"");
    } finally {
      log.detachAppender(lines);
      log.setLevel(null);
    }
    assertThat(lines.list)
        .singleElement()
        .satisfies(
            line -> {
              assertThat(line.getLevel()).isEqualTo(Level.INFO);
              assertThat(line.getFormattedMessage())
                  .contains("as ann of stele", "the token has expired");
            });
    assertThat(recorded("SignInFailed")).isEmpty();
  }

  @Test
  void whatWasRefusedAndWhoReadTheRecord() throws Exception {
    assertThat(send("ann", "ann", "POST", "/v2/other/app/blobs/uploads/").statusCode())
        .isEqualTo(403);
    assertThat(send("ann", "ann", "GET", "/v2/other/app/tags/list").statusCode()).isEqualTo(404);
    assertThat(send("ann", "ann", "GET", "/api/v1/events").statusCode()).isEqualTo(403);
    assertThat(recorded("AccessDenied"))
        .extracting(
            event -> event.get("actor").asText(),
            event -> event.at("/data/action").asText(),
            event -> event.at("/data/asked").asText(),
            event -> event.at("/data/reason").asText())
        .containsExactlyInAnyOrder(
            tuple("ann", "push", "other/app", "RIGHT"),
            tuple("ann", "pull", "other/app", "RIGHT"),
            tuple("ann", "read-record", "", "RIGHT"));
    assertThat(recorded("RecordRead"))
        .anySatisfy(
            event -> {
              assertThat(event.get("actor").asText()).isEqualTo("root");
              assertThat(event.at("/data/question").asText()).isEqualTo("/api/v1/events");
              assertThat(event.at("/data/parameters").asText()).isEqualTo("type=AccessDenied");
            });
  }

  @Test
  void whoTriedWhatIsForbiddenToEverybody() throws Exception {
    TestClient.push(
        beneath.registry(), APP, Tag.parse("held"), TestManifest.emptyIndex("held content"));
    TestClient.push(
        beneath.registry(), APP, Tag.parse("fixed"), TestManifest.emptyIndex("fixed content"));
    beneath
        .engine()
        .makeImmutable(
            new ImmutableTags(
                List.of(
                    new ImmutableTags.Rule(
                        List.of(RepositoryGlob.parse("team/**")),
                        List.of(TagPattern.parse("^fixed$"))))));
    HttpResponse<String> hold =
        send(
            "root",
            "root",
            "POST",
            "/api/v1/holds",
            "{\"repositories\": \"team/app\", \"tag\": \"held\", \"reason\": \"case 7\"}");
    assertThat(hold.statusCode()).isEqualTo(201);
    for (int i = 0; i < 3; i++) {
      assertThat(send("root", "root", "DELETE", "/v2/team/app/manifests/held").statusCode())
          .isEqualTo(403);
    }
    assertThat(send("root", "root", "DELETE", "/v2/team/app/manifests/fixed").statusCode())
        .isEqualTo(409);
    assertThat(send("root", "root", "DELETE", "/v2/team/app/manifests/none").statusCode())
        .isEqualTo(404);
    assertThat(
            send(
                    "root",
                    "root",
                    "POST",
                    hold.headers().firstValue("Location").orElseThrow() + "/release",
                    "{\"reason\": \"over\"}")
                .statusCode())
        .isEqualTo(403);
    assertThat(recorded("AccessDenied"))
        .extracting(
            event -> event.get("actor").asText(),
            event -> event.at("/data/action").asText(),
            event -> event.at("/data/asked").asText(),
            event -> event.at("/data/reason").asText(),
            event -> event.at("/data/count").asText())
        .containsExactlyInAnyOrder(
            tuple("root", "delete", "team/app", "HELD", "3"),
            tuple("root", "delete", "team/app", "IMMUTABLE", "1"),
            tuple("root", "release-hold", "team/app", "ANOTHER_PERSON", "1"));
    HttpResponse<String> ofTeam =
        send("ann", "ann", "GET", "/api/v1/events?repository=team/app&type=AccessDenied");
    assertThat(ofTeam.statusCode()).as(ofTeam.body()).isEqualTo(200);
    assertThat(JSON.readTree(ofTeam.body()).get("items")).hasSize(3);
    assertThat(send("ann", "ann", "GET", "/api/v1/events?repository=other/app").statusCode())
        .isEqualTo(404);
  }

  @Test
  void whoBecameAUserAndWhoIsForgotten() throws Exception {
    assertThat(send("ann", "ann", "GET", "/v2/").statusCode()).isEqualTo(200);
    Files.writeString(
        users, Files.readString(users).lines().findFirst().orElseThrow() + "\n" + entry("bob"));
    Files.setLastModifiedTime(users, FileTime.from(Instant.now().plusSeconds(5)));
    Instant patience = Instant.now().plusSeconds(20);
    while (send("ann", "ann", "GET", "/v2/").statusCode() != 401
        || recorded("UserChanged").size() < 2) {
      assertThat(Instant.now()).isBefore(patience);
      Thread.sleep(200);
    }
    assertThat(recorded("UserChanged"))
        .extracting(event -> event.get("user").asText(), event -> event.at("/data/change").asText())
        .containsExactlyInAnyOrder(tuple("ann", "REMOVED"), tuple("bob", "ADDED"));
    JsonNode ann =
        JSON
            .readTree(send("root", "root", "GET", "/api/v1/actors?name=ann").body())
            .get("items")
            .findParents("id")
            .stream()
            .filter(each -> each.get("kind").asText().equals("USER"))
            .findFirst()
            .orElseThrow();
    String forget = "/api/v1/actors/" + ann.get("id").asText() + "/forget";
    assertThat(send("bob", "bob", "POST", forget, "{\"reason\": \"x\"}").statusCode())
        .isEqualTo(403);
    assertThat(send("root", "root", "POST", forget, "{}").statusCode()).isEqualTo(400);
    assertThat(send("root", "root", "POST", forget, "{\"reason\": \"she asked\"}").statusCode())
        .isEqualTo(200);
    assertThat(recorded("SignedIn"))
        .noneSatisfy(event -> assertThat(event.path("actor").asText()).isEqualTo("ann"))
        .anySatisfy(
            event -> {
              assertThat(event.has("actor")).isFalse();
              assertThat(event.has("origin")).isFalse();
            });
    assertThat(recorded("ActorForgotten")).hasSize(1);
  }
}
