package dev.stele.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import at.favre.lib.crypto.bcrypt.BCrypt;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.stele.oci.Digest;
import dev.stele.policy.AccessPolicy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Robots sign in by keys, at two nodes over one database. Each test has robots of its own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RobotsOverHttpTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String POLICY =
      """
      administrators: [root]
      rules:
        - {repositories: ["team/**"], users: [robot+ci, robot+busy, robot+brief, robot+slow], may: [pull, push]}
        - {repositories: ["**"], users: [robot+boss], may: [admin]}
      """;

  private final HttpClient client = HttpClient.newHttpClient();
  private RegistryOnTestDatabase beneath;
  private SteleServer server;
  private SteleServer other;

  private record Key(String user, String id, String secret) {}

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    beneath = new RegistryOnTestDatabase(folder.resolve("blobs"));
    String hash = BCrypt.withDefaults().hashToString(4, "pw".toCharArray());
    Path users =
        Files.writeString(folder.resolve("users"), "root:%s\nmary:%s\n".formatted(hash, hash));
    ServerSettings settings =
        ServerSettings.on(new ListenAddress("127.0.0.1", 0))
            .withHtpasswd(Optional.of(users))
            .withAccess(
                Optional.of(AccessPolicy.read("access", new YAMLMapper().readTree(POLICY))));
    server = beneath.serve(settings);
    other = beneath.serve(settings);
  }

  @AfterAll
  void stop() {
    client.close();
    server.close();
    other.close();
    beneath.close();
  }

  private static String basic(String user, String password) {
    return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(UTF_8));
  }

  private static String basic(Key key) {
    return basic(key.user(), key.secret());
  }

  private HttpResponse<String> send(
      SteleServer node, String authorization, String method, String target, String body)
      throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://" + node.address() + target))
            .header("Authorization", authorization)
            .method(method, BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  private HttpResponse<String> asRoot(String method, String target, String body) throws Exception {
    return send(server, basic("root", "pw"), method, target, body);
  }

  private JsonNode done(HttpResponse<String> answer, int status) throws Exception {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    return JSON.readTree(answer.body());
  }

  private static Key key(JsonNode issued) {
    return new Key(
        issued.required("user").asText(),
        issued.required("keyId").asText(),
        issued.required("key").asText());
  }

  private Key create(String name) throws Exception {
    return key(done(asRoot("POST", "/api/v1/robots", "{\"name\": \"%s\"}".formatted(name)), 201));
  }

  private Key issue(String name) throws Exception {
    return key(done(asRoot("POST", "/api/v1/robots/" + name + "/keys", "{}"), 201));
  }

  private void revoke(String name, Key key) throws Exception {
    JsonNode _ =
        done(asRoot("POST", "/api/v1/robots/%s/keys/%s/revoke".formatted(name, key.id()), ""), 200);
  }

  private void remove(String name) throws Exception {
    JsonNode _ = done(asRoot("POST", "/api/v1/robots/" + name + "/remove", ""), 200);
  }

  private int entry(SteleServer node, String authorization) throws Exception {
    return send(node, authorization, "GET", "/v2/", "").statusCode();
  }

  private String token(Key key) throws Exception {
    JsonNode answer =
        done(
            send(server, basic(key), "GET", "/token?scope=repository:team/app:pull,push", ""), 200);
    return "Bearer " + answer.required("token").asText();
  }

  @Test
  void aRobotDoesWhatThePolicySaysUnderItsName() throws Exception {
    Key key = create("ci");
    String uploads = "/v2/team/app/blobs/uploads/";
    assertThat(send(server, basic(key), "POST", uploads, "").statusCode()).isEqualTo(202);
    assertThat(send(other, token(key), "POST", uploads, "").statusCode()).isEqualTo(202);
    assertThat(send(server, basic(key), "POST", "/v2/else/app/blobs/uploads/", "").statusCode())
        .isEqualTo(403);
    assertThat(send(server, basic(key), "GET", "/api/v1/robots", "").statusCode()).isEqualTo(403);
    Key boss = create("boss");
    assertThat(done(send(other, basic(boss), "GET", "/api/v1/robots/ci", ""), 200).required("user"))
        .hasToString("\"robot+ci\"");
    remove("ci");
  }

  @Test
  void whatIsRevokedOrRemovedEndsWithTheNextRequestOnEveryNode() throws Exception {
    for (int round = 0; round < 10; round++) {
      String name = "gone-" + round;
      Key key = create(name);
      String token = token(key);
      for (SteleServer node : List.of(server, other)) {
        assertThat(entry(node, basic(key))).isEqualTo(200);
        assertThat(entry(node, token)).isEqualTo(200);
      }
      if (round % 2 == 0) {
        revoke(name, key);
      } else {
        remove(name);
      }
      for (SteleServer node : List.of(other, server)) {
        assertThat(entry(node, token)).isEqualTo(401);
        assertThat(entry(node, basic(key))).isEqualTo(401);
      }
    }
  }

  /** A request can last: what it does is done at its end. */
  @Test
  void whoeverIsGoneWhenTheirBodyHasArrivedDoesNothingByIt() throws Exception {
    byte[] blob = "sent slowly".getBytes(UTF_8);
    Digest digest = Digest.of(Digest.Algorithm.SHA256, blob);
    String address = "/v2/team/app/blobs/uploads/?digest=" + digest;
    for (boolean byToken : new boolean[] {false, true}) {
      Key key = create("slow");
      assertThat(slowly(byToken ? token(key) : basic(key), address, blob, () -> remove("slow")))
          .startsWith("HTTP/1.1 401 ");
      Key next = create("slow");
      assertThat(slowly(basic(next), address, blob, () -> revoke("slow", next)))
          .startsWith("HTTP/1.1 401 ");
      remove("slow");
    }
    assertThat(asRoot("HEAD", "/v2/team/app/blobs/" + digest, "").statusCode()).isEqualTo(404);
    Key key = create("slow");
    assertThat(slowly(token(key), address, blob, () -> {})).startsWith("HTTP/1.1 201 ");
    remove("slow");
  }

  private interface Meanwhile {
    void happens() throws Exception;
  }

  /** The answer to a request during whose body something happens. */
  private String slowly(String authorization, String target, byte[] body, Meanwhile meanwhile)
      throws Exception {
    try (RawConnection connection = new RawConnection(server.port())) {
      connection
          .send(
              """
              POST %s HTTP/1.1\r
              Host: localhost\r
              Authorization: %s\r
              Content-Type: application/octet-stream\r
              Content-Length: %d\r
              Connection: close\r
              \r
              """
                  .formatted(target, authorization, body.length))
          .send(Arrays.copyOf(body, 1));
      Thread.sleep(1_100); // what is quicker is not looked at once more
      meanwhile.happens();
      return connection.send(Arrays.copyOfRange(body, 1, body.length)).readAll();
    }
  }

  @Test
  void aTokenIsNotForWhoeverGetsTheNameNext() throws Exception {
    Key key = create("heir");
    String token = token(key);
    remove("heir");
    Key next = create("heir");
    assertThat(entry(server, token)).isEqualTo(401);
    assertThat(entry(server, basic(key))).isEqualTo(401);
    assertThat(entry(server, basic(next))).isEqualTo(200);
    // Of another key of the same robot, it counts no longer than its own.
    String later = token(next);
    Key second = issue("heir");
    revoke("heir", next);
    assertThat(entry(server, later)).isEqualTo(401);
    assertThat(entry(server, basic(second))).isEqualTo(200);
  }

  @Test
  void wrongKeysAreRefusedAlike() throws Exception {
    Key mine = create("mine");
    Key theirs = create("theirs");
    List<String> bodies = new ArrayList<>();
    for (String wrong :
        List.of(
            basic("robot+mine", theirs.secret()),
            basic("robot+theirs", mine.secret()),
            basic("robot+mine", mine.secret().replace("rk_", "rk-")),
            basic("robot+mine", mine.secret() + "a"),
            basic("robot+mine", ""),
            basic("robot+mine", "pw"),
            basic("robot+none", mine.secret()),
            basic("robot+", mine.secret()),
            basic("robot+MINE", mine.secret()),
            basic("mine", mine.secret()),
            basic("root", mine.secret()))) {
      HttpResponse<String> answer = send(server, wrong, "GET", "/v2/", "");
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(401);
      assertThat(answer.headers().firstValue("WWW-Authenticate").orElse("")).startsWith("Bearer ");
      bodies.add(answer.body());
    }
    assertThat(bodies).allMatch(bodies.getFirst()::equals);
    assertThat(entry(server, basic(mine))).isEqualTo(200);
  }

  @Test
  void whoSendsManyWrongOnesIsToldToWaitAndTheRightOneIsLetIn() throws Exception {
    Key key = create("tried");
    int[] answers = new int[12];
    for (int i = 0; i < answers.length; i++) {
      answers[i] = entry(other, basic("robot+tried", "wrong"));
    }
    assertThat(answers).startsWith(401).endsWith(429);
    assertThat(entry(other, basic(key))).isEqualTo(200);
  }

  @Test
  void aKeyThatExpiredIsToldSo() throws Exception {
    JsonNode issued =
        done(asRoot("POST", "/api/v1/robots", "{\"name\":\"brief\",\"expires\":\"2s\"}"), 201);
    Key key = key(issued);
    String token = token(key);
    Instant end = Instant.parse(issued.required("expires").asText());
    while (Instant.now().isBefore(end)) {
      Thread.sleep(20);
    }
    HttpResponse<String> answer = send(server, basic(key), "GET", "/v2/", "");
    assertThat(answer.statusCode()).isEqualTo(401);
    assertThat(answer.body())
        .contains("key %s of robot brief expired at %s".formatted(key.id(), end))
        .doesNotContain(key.secret());
    assertThat(answer.headers().firstValue("WWW-Authenticate")).isPresent();
    assertThat(entry(server, token)).isEqualTo(401);
    assertThat(
            done(asRoot("GET", "/api/v1/robots/brief", ""), 200)
                .required("keys")
                .get(0)
                .required("state")
                .asText())
        .isEqualTo("expired");
  }

  @Test
  void aKeyTakesAnothersPlaceWhileItIsUsed() throws Exception {
    AtomicReference<Key> used = new AtomicReference<>(create("busy"));
    AtomicBoolean ended = new AtomicBoolean();
    Queue<String> failures = new ConcurrentLinkedQueue<>();
    AtomicIntegerArray sent = new AtomicIntegerArray(4);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < sent.length(); i++) {
      int mine = i;
      threads.add(
          Thread.ofVirtual()
              .start(
                  () -> {
                    while (!ended.get()) {
                      use(used.get(), sent.incrementAndGet(mine)).ifPresent(failures::add);
                    }
                  }));
    }
    for (int round = 0; round < 10; round++) {
      Key old = used.get();
      used.set(issue("busy"));
      // Until each has begun anew, and so read the new one, it may use the old one.
      int[] before = IntStream.range(0, sent.length()).map(sent::get).toArray();
      while (IntStream.range(0, before.length).anyMatch(i -> sent.get(i) < before[i] + 2)) {
        Thread.sleep(5);
      }
      revoke("busy", old);
    }
    ended.set(true);
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(failures).isEmpty();
  }

  /** What went wrong, if anything did. */
  private Optional<String> use(Key key, int number) {
    try {
      SteleServer node = number % 2 == 0 ? server : other;
      int status = entry(node, number % 5 == 0 ? token(key) : basic(key));
      return status == 200 ? Optional.empty() : Optional.of(key.id() + ": " + status);
    } catch (Exception e) {
      return Optional.of(e.toString());
    }
  }

  @Test
  void badInputIsToldWhatWasWrong() throws Exception {
    for (String[] wrong :
        new String[][] {
          {"{}", "name is missing"},
          {"{\"name\": \"A\"}", "name must be a robot's name"},
          {"{\"name\": \"a\", \"expires\": \"367d\"}", "expires must be longer than nothing"},
          {"{\"name\": \"a\", \"expires\": \"0s\"}", "expires must be longer than nothing"},
          {"{\"name\": \"a\", \"expires\": \"soon\"}", "expires must be a whole number with"},
          {"{\"name\": \"a\", \"description\": \"\"}", "description must say"},
          {"{\"name\": \"a\", \"key\": \"x\"}", "the body's key \\\"key\\\" is not known"}
        }) {
      HttpResponse<String> answer = asRoot("POST", "/api/v1/robots", wrong[0]);
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
      assertThat(answer.body()).contains(wrong[1]);
    }
    Key _ = create("full");
    Key _ = issue("full");
    HttpResponse<String> third = asRoot("POST", "/api/v1/robots/full/keys", "{}");
    assertThat(third.statusCode()).isEqualTo(409);
    assertThat(third.body()).contains("robot full has 2 keys that count");
    HttpResponse<String> again = asRoot("POST", "/api/v1/robots", "{\"name\": \"full\"}");
    assertThat(again.statusCode()).isEqualTo(409);
    assertThat(again.body()).contains("there is a robot full already");
    for (String absent :
        List.of("/none/keys", "/none/remove", "/full/keys/0/revoke", "/FULL/remove")) {
      HttpResponse<String> answer = asRoot("POST", "/api/v1/robots" + absent, "{}");
      assertThat(answer.statusCode()).as(absent).isEqualTo(404);
    }
  }

  @Test
  void onlyTheAnswerToWhoeverIssuedItHasAKey() throws Exception {
    HttpResponse<String> created =
        asRoot(
            "POST", "/api/v1/robots", "{\"name\": \"quiet\", \"description\": \"Says nothing\"}");
    assertThat(created.headers().firstValue("Cache-Control")).contains("no-store");
    assertThat(created.headers().firstValue("Location")).contains("/api/v1/robots/quiet");
    String secret = key(JSON.readTree(created.body())).secret().substring(22, 60);
    for (String address :
        List.of(
            "/api/v1/robots",
            "/api/v1/robots?format=csv",
            "/api/v1/robots/quiet",
            "/api/v1/events?limit=1000",
            "/metrics")) {
      HttpResponse<String> answer = asRoot("GET", address, "");
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      assertThat(answer.body()).doesNotContain(secret);
    }
    assertThat(asRoot("GET", "/api/v1/robots?format=table&limit=1000", "").body())
        .contains("Says nothing");
  }
}
