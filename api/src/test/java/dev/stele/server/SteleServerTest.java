package dev.stele.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import at.favre.lib.crypto.bcrypt.BCrypt;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.oci.Digest;
import dev.stele.oci.TestManifest;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * What the server itself promises; what each endpoint answers is tested as a black box elsewhere.
 */
class SteleServerTest {
  private static final String INDEX = "application/vnd.oci.image.index.v1+json";
  private static final String IMAGE = "application/vnd.oci.image.manifest.v1+json";

  @TempDir private static Path folder;
  private static RegistryOnTestDatabase beneath;
  private static SteleServer server;
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  @BeforeAll
  static void start() throws Exception {
    beneath = new RegistryOnTestDatabase(folder.resolve("blobs"));
    server = serve(ServerSettings.on(new ListenAddress("127.0.0.1", 0)));
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
    beneath.close();
    CLIENT.close();
  }

  private static SteleServer serve(ServerSettings settings) throws StartupException {
    return beneath.serve(settings);
  }

  @Test
  void everyAnswerNamesTheApiAndTheRequest() throws Exception {
    HttpResponse<String> own =
        send(request(server, "/v2/").header("X-Request-Id", "build-7.a_b").GET());
    assertThat(own.statusCode()).isEqualTo(200);
    assertThat(own.headers().firstValue("X-Request-Id")).contains("build-7.a_b");
    assertThat(own.headers().firstValue("Docker-Distribution-API-Version"))
        .contains("registry/2.0");
    HttpResponse<String> strange =
        send(request(server, "/nowhere").header("X-Request-Id", "a b<script>").GET());
    assertThat(strange.statusCode()).isEqualTo(404);
    assertThat(strange.headers().firstValue("X-Request-Id").orElseThrow()).matches("[0-9a-f]{24}");
  }

  @Test
  void malformedRequestsAreAnsweredInTheSpecificationsForm() throws Exception {
    for (String start :
        new String[] {
          "GET /v2/a%zz/tags/list HTTP/1.1\r\nHost: x",
          "GET /v2/a%00/tags/list HTTP/1.1\r\nHost: x",
          "GET /v2/../../etc/passwd HTTP/1.1\r\nHost: x",
          "GET /v2/%2e%2e/tags/list HTTP/1.1\r\nHost: x",
          "GET /v2/a%2Fb/tags/list HTTP/1.1\r\nHost: x",
          "GET /v2/\u00e4/tags/list HTTP/1.1\r\nHost: x",
          "GET /v2/a/tags/list?n=%f HTTP/1.1\r\nHost: x",
          "GET /v2/a/tags/list?n=-1 HTTP/1.1\r\nHost: x",
          "GET /v2/a;b/tags/list HTTP/1.1\r\nHost: x",
          "GET /v2/ HTTP/1.1",
          "GET /v2/ HTTP/1.1\r\nHost: x\r\nContent-Length: x",
          "GET /v2/ HTTP/1.1\r\nHost: x\r\nno colon",
          "BREW /v2/ HTTP/1.1\r\nHost: x",
          "GET ?n=1 HTTP/1.1\r\nHost: x",
        }) {
      try (RawConnection connection = new RawConnection(server.port())) {
        String answer = connection.send(start + "\r\nConnection: close\r\n\r\n").readAll();
        assertThat(answer).as(start).matches("(?s)HTTP/1.1 40[0-9] .*");
        assertThat(answer).as(start).contains("\r\n\r\n{\"errors\":[{\"code\":\"");
        assertThat(answer).as(start).doesNotContainIgnoringCase("<html");
      }
    }
  }

  @Test
  void aRefusalOfTheProtocolSaysWhatWasWrong() throws Exception {
    for (String[] refused :
        new String[][] {
          {"Expect: tea", "417", "the only expectation that can be met is 100-continue"},
          {"X-Large: " + "x".repeat(40_000), "431", "the request's headers are too large"},
        }) {
      try (RawConnection connection = new RawConnection(server.port())) {
        String answer =
            connection.send("GET /v2/ HTTP/1.1\r\nHost: x\r\n" + refused[0] + "\r\n\r\n").readAll();
        assertThat(answer).startsWith("HTTP/1.1 " + refused[1] + " ");
        assertThat(answer)
            .endsWith(
                "{\"errors\":[{\"code\":\"REQUEST_INVALID\",\"message\":\"%s\"}]}"
                    .formatted(refused[2]));
      }
    }
  }

  @Test
  void aWrongMethodIsToldTheRightOnes() throws Exception {
    HttpResponse<String> answer = send(request(server, "/v2/demo/tags/list").DELETE());
    assertThat(answer.statusCode()).isEqualTo(405);
    assertThat(answer.headers().firstValue("Allow")).contains("GET, HEAD");
    assertThat(answer.body()).contains("\"code\":\"UNSUPPORTED\"");
  }

  @Test
  void deletionSwitchedOffIs405() throws Exception {
    try (SteleServer readOnly =
        serve(ServerSettings.on(new ListenAddress("127.0.0.1", 0)).withDeletion(false))) {
      HttpResponse<String> answer = send(request(readOnly, "/v2/demo/manifests/1").DELETE());
      assertThat(answer.statusCode()).isEqualTo(405);
      assertThat(answer.headers().firstValue("Allow")).contains("GET, HEAD, PUT");
    }
  }

  @Test
  void aClientThatSendsItsWholeBodyStillReadsTheRefusal() throws Exception {
    try (RawConnection connection = new RawConnection(server.port())) {
      connection.send(
          "PUT /v2/demo/manifests/1 HTTP/1.1\r\nHost: x\r\nContent-Type: "
              + IMAGE
              + "\r\nContent-Length: 20000000\r\n\r\n");
      byte[] part = new byte[1_000_000];
      for (int i = 0; i < 20; i++) {
        connection.send(part);
      }
      assertThat(connection.readAll()).startsWith("HTTP/1.1 413 ").contains("SIZE_INVALID");
    }
  }

  @Test
  void aClientThatWaitsForContinueIsRefusedWithoutSending() throws Exception {
    try (RawConnection connection = new RawConnection(server.port())) {
      String answer =
          connection
              .send(
                  "PUT /v2/demo/manifests/1 HTTP/1.1\r\nHost: x\r\nContent-Type: "
                      + IMAGE
                      + "\r\nExpect: 100-continue\r\nContent-Length: 20000000\r\n\r\n")
              .readAll();
      assertThat(answer).startsWith("HTTP/1.1 413 ");
    }
  }

  @Test
  void anUploadWithoutAKnownLengthHasNoLimit() throws Exception {
    byte[] bytes = new byte[9_000_000];
    new Random(1).nextBytes(bytes);
    Digest digest = Digest.of(Digest.Algorithm.SHA256, bytes);
    String location = beginUpload("demo/streamed");
    HttpResponse<String> patched =
        send(
            request(server, location)
                .method(
                    "PATCH", BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(bytes))));
    assertThat(patched.statusCode()).isEqualTo(202);
    assertThat(patched.headers().firstValue("Range")).contains("0-8999999");
    HttpResponse<String> put =
        send(request(server, location + "?digest=" + digest).PUT(BodyPublishers.noBody()));
    assertThat(put.statusCode()).isEqualTo(201);

    URI blob = uri(server, "/v2/demo/streamed/blobs/" + digest);
    assertThat(CLIENT.send(HttpRequest.newBuilder(blob).build(), BodyHandlers.ofByteArray()).body())
        .isEqualTo(bytes);
    HttpResponse<byte[]> part =
        CLIENT.send(
            HttpRequest.newBuilder(blob).header("Range", "bytes=1000000-4999999").build(),
            BodyHandlers.ofByteArray());
    assertThat(part.statusCode()).isEqualTo(206);
    assertThat(part.headers().firstValue("Content-Range"))
        .contains("bytes 1000000-4999999/9000000");
    assertThat(part.body()).isEqualTo(Arrays.copyOfRange(bytes, 1_000_000, 5_000_000));
    assertThat(
            send(HttpRequest.newBuilder(blob).header("If-None-Match", "\"" + digest + "\"").GET())
                .statusCode())
        .isEqualTo(304);
    HttpResponse<byte[]> other =
        CLIENT.send(
            HttpRequest.newBuilder(blob)
                .header("Range", "bytes=0-0")
                .header("If-Range", "\"other\"")
                .build(),
            BodyHandlers.ofByteArray());
    assertThat(other.statusCode()).isEqualTo(200);
    HttpResponse<Void> head =
        CLIENT.send(HttpRequest.newBuilder(blob).HEAD().build(), BodyHandlers.discarding());
    assertThat(head.headers().firstValueAsLong("Content-Length")).hasValue(9_000_000);
  }

  @Test
  void eventsAreStreamedLiveFromAPosition() throws Exception {
    byte[] bytes = "streamed event".getBytes(StandardCharsets.UTF_8);
    Digest digest = Digest.of(Digest.Algorithm.SHA256, bytes);
    HttpResponse<InputStream> stream =
        CLIENT.send(
            request(server, "/api/v1/events?repository=demo/live&type=BlobUploaded")
                .header("Accept", "text/event-stream")
                .build(),
            BodyHandlers.ofInputStream());
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
      HttpResponse<String> posted =
          send(
              request(server, "/v2/demo/live/blobs/uploads/?digest=" + digest)
                  .header("X-Request-Id", "live-1")
                  .POST(BodyPublishers.ofByteArray(bytes)));
      assertThat(posted.statusCode()).isEqualTo(201);
      String data =
          CompletableFuture.supplyAsync(
                  () -> lines.lines().filter(l -> l.startsWith("data: ")).findFirst().orElseThrow())
              .get(20, TimeUnit.SECONDS);
      assertThat(data)
          .contains("\"type\":\"BlobUploaded\"", "\"requestId\":\"live-1\"", digest.toString());
    }
    HttpResponse<String> page =
        send(request(server, "/api/v1/events?repository=demo/live&limit=1").GET());
    assertThat(page.body()).contains("\"type\":\"RepositoryCreated\"", "\"next\":");
  }

  @Test
  void withUsersOnlyTheyComeIn() throws Exception {
    Path htpasswd = folder.resolve("htpasswd");
    Files.writeString(
        htpasswd, "ann:" + BCrypt.withDefaults().hashToString(4, "secret".toCharArray()));
    try (SteleServer guarded =
        serve(
            ServerSettings.on(new ListenAddress("127.0.0.1", 0))
                .withHtpasswd(Optional.of(htpasswd)))) {
      HttpResponse<String> refused = send(request(guarded, "/v2/").GET());
      assertThat(refused.statusCode()).isEqualTo(401);
      assertThat(refused.headers().firstValue("WWW-Authenticate").orElseThrow())
          .startsWith("Basic realm=\"Stele\"");
      assertThat(refused.body()).contains("\"code\":\"UNAUTHORIZED\"");
      for (String path : new String[] {"/api/v1/events", "/metrics", "/nowhere"}) {
        assertThat(send(request(guarded, path).GET()).statusCode()).as(path).isEqualTo(401);
      }
      assertThat(send(request(guarded, "/livez").GET()).statusCode()).isEqualTo(200);

      byte[] bytes = {42};
      HttpResponse<String> pushed =
          send(
              request(
                      guarded,
                      "/v2/demo/ann/blobs/uploads/?digest="
                          + Digest.of(Digest.Algorithm.SHA256, bytes))
                  .header("Authorization", "Basic YW5uOnNlY3JldA==")
                  .POST(BodyPublishers.ofByteArray(bytes)));
      assertThat(pushed.statusCode()).isEqualTo(201);
      assertThat(send(request(server, "/api/v1/events?repository=demo/ann").GET()).body())
          .contains("\"actor\":\"ann\"");
    }
  }

  @Test
  void refusesToListenForEverybodyWithoutUsers() {
    assertThatExceptionOfType(StartupException.class)
        .isThrownBy(() -> serve(ServerSettings.on(new ListenAddress("0.0.0.0", 0))))
        .withMessageContaining("without authentication");
  }

  @Test
  void aPortInUseIsAClearError() {
    assertThatExceptionOfType(StartupException.class)
        .isThrownBy(() -> serve(ServerSettings.on(new ListenAddress("127.0.0.1", server.port()))))
        .withMessageContaining("127.0.0.1:" + server.port());
  }

  /** A request of which the server has read half, of an upload that is 6 bytes long at its end. */
  private RawConnection beginPatch(SteleServer at) throws Exception {
    while (true) {
      String location = beginUpload("demo/drained");
      RawConnection connection = new RawConnection(at.port());
      connection.send("PATCH " + location + " HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc");
      Thread.sleep(100);
      // The server has begun to read if a second request hears that the session is busy.
      if (send(request(server, location).method("PATCH", BodyPublishers.ofString(""))).statusCode()
          == 409) {
        return connection;
      }
      // The second came first, and the other may have been refused.
      connection.close();
    }
  }

  @Test
  void aRequestInFlightIsFinishedWhenTheServerStops() throws Exception {
    SteleServer stopping = serve(ServerSettings.on(new ListenAddress("127.0.0.1", 0)));
    try (RawConnection connection = beginPatch(stopping)) {
      CompletableFuture<Void> closed = CompletableFuture.runAsync(stopping::close);
      Thread.sleep(300);
      assertThat(closed).isNotDone();
      connection.send("def");
      assertThat(connection.readAll()).startsWith("HTTP/1.1 202 ").contains("Range: 0-5");
      closed.get(20, TimeUnit.SECONDS);
    } finally {
      stopping.close();
    }
  }

  private static HttpResponse<String> putIndex(String repository, String tag, TestManifest index)
      throws Exception {
    return send(
        request(server, "/v2/" + repository + "/manifests/" + tag)
            .header("Content-Type", INDEX)
            .PUT(BodyPublishers.ofByteArray(index.bytes())));
  }

  @Test
  void aPageOfReferrersEndsBeforeClientsRefuseIt() throws Exception {
    Digest subject = Digest.parse("sha256:" + "5".repeat(64));
    // Characters that take more room as JSON than as text, and annotations that fill a page alone.
    List<String> annotations =
        List.of(
            "a".repeat(1_000_000),
            "\"".repeat(450_000),
            "\u00e9".repeat(500_000),
            "b".repeat(1_000_000),
            "c".repeat(1_000_000),
            "d".repeat(4_000_000));
    for (int i = 0; i < annotations.size(); i++) {
      assertThat(
              putIndex(
                      "demo/large",
                      "r" + i,
                      TestManifest.index()
                          .subject(INDEX, subject)
                          .annotation("a", annotations.get(i)))
                  .statusCode())
          .isEqualTo(201);
    }
    for (String root : List.of("/v2/", "/v2/at/p%d/".formatted(newest()))) {
      Optional<String> path = Optional.of(root + "demo/large/referrers/" + subject);
      int shown = 0;
      int annotated = 0;
      int pages = 0;
      while (path.isPresent()) {
        HttpResponse<String> page = send(request(server, path.get()).GET());
        assertThat(page.body().getBytes(StandardCharsets.UTF_8)).as(root).hasSizeLessThan(3 << 20);
        for (JsonNode referrer : new ObjectMapper().readTree(page.body()).get("manifests")) {
          shown++;
          annotated += referrer.has("annotations") ? 1 : 0;
        }
        pages++;
        path = page.headers().firstValue("Link").map(link -> link.substring(1, link.indexOf('>')));
      }
      assertThat(shown).as(root).isEqualTo(annotations.size());
      assertThat(annotated).as("all but the one that is too large").isEqualTo(shown - 1);
      assertThat(pages).as(root).isBetween(2, 4);
    }
  }

  private static long newest() throws Exception {
    return beneath.registry().log().knownPosition() - 1;
  }

  @Test
  void theLinesOfIfNoneMatchAreOneList() throws Exception {
    String etag =
        putIndex("demo/etag", "v1", TestManifest.index())
            .headers()
            .firstValue("Docker-Content-Digest")
            .orElseThrow();
    assertThat(
            send(request(server, "/v2/demo/etag/manifests/v1")
                    .header("If-None-Match", "\"other\"")
                    .header("If-None-Match", '"' + etag + '"')
                    .GET())
                .statusCode())
        .isEqualTo(304);
  }

  @Test
  void metricsCountRequestsByKindOfAddress() throws Exception {
    assertThat(send(request(server, "/v2/demo/none/tags/list").GET()).statusCode()).isEqualTo(404);
    assertThat(send(request(server, "/metrics").GET()).body())
        .contains(
            "stele_http_requests_seconds_count{method=\"GET\",route=\"/v2/{name}/tags/list\",status=\"404\"}");
    assertThat(send(request(server, "/readyz").GET()).statusCode()).isEqualTo(200);
  }

  @Test
  void everyMetricSaysWhatItIsAndNoneNamesARepository() throws Exception {
    String blob = "metrics/of-one/blobs/uploads/?digest=sha256:" + "0".repeat(64);
    assertThat(
            send(request(server, "/v2/" + blob).POST(BodyPublishers.ofString("other")))
                .statusCode())
        .isEqualTo(400);
    List<String> lines = send(request(server, "/metrics").GET()).body().lines().toList();
    for (String line : lines) {
      if (line.startsWith("# TYPE stele_")) {
        assertThat(lines)
            .as(line)
            .anyMatch(help -> help.matches("# HELP " + line.split(" ", -1)[2] + " \\S.+"));
      }
    }
    assertThat(lines).noneMatch(line -> line.contains("of-one"));
    for (String name :
        List.of(
            "stele_http_requests_seconds_bucket{",
            "stele_lane_batch_seconds_bucket{",
            "stele_log_position ",
            "stele_view_lag_events{view=\"reachability\"}",
            "stele_view_lag_seconds{view=\"history\"}",
            "stele_stored_bytes{store=\"default\"}",
            "stele_stored_objects{store=\"default\"}")) {
      assertThat(lines).as(name).anyMatch(line -> line.startsWith(name));
    }
  }

  @Test
  void aRequestThatWritesOrFailsIsALineWithFields() throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger(RequestLog.class);
    BlockingQueue<ILoggingEvent> logged = new LinkedBlockingQueue<>();
    AppenderBase<ILoggingEvent> lines =
        new AppenderBase<>() {
          @Override
          protected void append(ILoggingEvent event) {
            if (event.getFormattedMessage().contains("/v2/logged/app")) {
              logged.add(event);
            }
          }
        };
    lines.start();
    logger.addAppender(lines);
    logger.setLevel(Level.INFO);
    try {
      HttpResponse<String> answer =
          send(
              request(server, "/v2/logged/app/blobs/uploads/?token=secret")
                  .header("User-Agent", "agent/1 \u00e9")
                  .header("Authorization", "Basic secret")
                  .POST(BodyPublishers.ofString("")));
      assertThat(answer.statusCode()).isEqualTo(202);
      // It is written after the answer.
      ILoggingEvent line = logged.poll(20, TimeUnit.SECONDS);
      assertThat(line).isNotNull();
      assertFields(line);
    } finally {
      logger.detachAppender(lines);
      logger.setLevel(null);
    }
  }

  private static void assertFields(ILoggingEvent line) {
    Map<String, Object> fields = new HashMap<>();
    line.getKeyValuePairs().forEach(pair -> fields.put(pair.key, pair.value));
    assertThat(fields)
        .containsEntry("user", "anonymous")
        .containsEntry("address", "127.0.0.1")
        .containsEntry("method", "POST")
        .containsEntry("path", "/v2/logged/app/blobs/uploads/")
        .containsEntry("status", "202")
        .containsEntry("bytesReceived", 0L)
        .containsEntry("userAgent", "agent/1 ?")
        .containsKeys("seconds", "bytesSent");
    assertThat(line.getFormattedMessage() + fields)
        .doesNotContain("secret")
        .doesNotContain("\u00e9");
  }

  @Test
  void withoutItsDatabaseTheServerAsksToTryAgain() throws Exception {
    try (RegistryOnTestDatabase lost = new RegistryOnTestDatabase(folder.resolve("lost"));
        SteleServer over = lost.serve()) {
      lost.loseDatabase();
      HttpResponse<String> answer = send(request(over, "/v2/_catalog").GET());
      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(answer.headers().firstValue("Retry-After")).contains("5");
      assertThat(answer.body()).contains("\"code\":\"UNAVAILABLE\"");
      assertThat(send(request(over, "/readyz").GET()).statusCode()).isEqualTo(503);
      assertThat(send(request(over, "/livez").GET()).statusCode()).isEqualTo(200);
    }
  }

  private static String beginUpload(String repository) throws Exception {
    HttpResponse<String> begun =
        send(
            request(server, "/v2/" + repository + "/blobs/uploads/").POST(BodyPublishers.noBody()));
    assertThat(begun.statusCode()).isEqualTo(202);
    return begun.headers().firstValue("Location").orElseThrow();
  }

  private static URI uri(SteleServer of, String path) {
    return URI.create("http://127.0.0.1:" + of.port() + path);
  }

  private static HttpRequest.Builder request(SteleServer of, String path) {
    return HttpRequest.newBuilder(uri(of, path)).timeout(Duration.ofSeconds(30));
  }

  private static HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return CLIENT.send(request.build(), BodyHandlers.ofString());
  }

  @Test
  void aBodyThatIsReadWholeHasNoEncoding() throws Exception {
    String index = TestManifest.index().text();
    for (String encoding : List.of("gzip", "identity, GZIP", "identity", "Identity")) {
      HttpResponse<String> answer =
          send(
              request(server, "/v2/demo/encoded/manifests/v1")
                  .header("Content-Type", "Application/vnd.oci.image.INDEX.v1+json; a=b")
                  .header("Content-Encoding", encoding)
                  .PUT(BodyPublishers.ofString(index)));
      if (encoding.equalsIgnoreCase("identity")) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
      } else {
        assertThat(answer.statusCode()).isEqualTo(415);
        assertThat(answer.body()).contains("UNSUPPORTED", "Content-Encoding", "send the body as");
      }
    }
    HttpResponse<String> served = send(request(server, "/v2/demo/encoded/manifests/v1").GET());
    assertThat(served.headers().firstValue("Content-Type"))
        .as("as the registry writes it")
        .contains("application/vnd.oci.image.index.v1+json");
    assertThat(served.body()).isEqualTo(index);
  }

  @Test
  void aHoldOnWhatCanNeverBeARepositoryIsRefused() throws Exception {
    for (String[] each :
        new String[][] {
          {"A", "why", "repositories can never match anything"},
          {"a/**", "\u200b", "reason must say why"},
          {"a/**", "a\u202eb", "reason must be text"},
        }) {
      HttpResponse<String> answer =
          send(
              request(server, "/api/v1/holds")
                  .POST(
                      BodyPublishers.ofString(
                          "{\"repositories\":\"%s\",\"reason\":\"%s\"}"
                              .formatted(each[0], each[1]))));
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(answer.body()).contains("REQUEST_INVALID", each[2]);
    }
  }
}
