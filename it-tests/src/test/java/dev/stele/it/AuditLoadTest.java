package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import java.io.InputStream;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Questions to the record that would take for ever, many at once and of each kind: they are
 * stopped, and probes, pushes and pulls go on beside them.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
@Order(SteleProcess.LONG)
class AuditLoadTest {
  private static final int TAGS = 60;
  private static final int KINDS = 7;
  private static final int OF_EACH_KIND = 12;
  private static final String NAME = "a".repeat(100) + "/" + "a".repeat(100);
  private static final String RETENTION = "/api/v1/repositories/" + NAME + "/-/retention/";
  private static final String GLOB =
      URLEncoder.encode("**a".repeat(40) + "b{" + "a?,".repeat(30) + "c}", UTF_8);

  private SteleProcess server;
  private RegistryClient client;
  private Digest layer;
  private String explained;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    server =
        SteleProcess.start(
            folder.resolve("data"),
            Map.of(
                "STELE_AUDIT_THREADS", "2",
                "STELE_AUDIT_WAITING", "6",
                "STELE_AUDIT_DEADLINE", "1500ms"),
            "-Xmx512m");
    client = server.client();
    ImageFixture.Image image = SmallImages.image("one of many tags");
    layer = image.layers().getFirst().digest();
    client.push(NAME, "v0", image);
    for (int n = 1; n < TAGS; n++) {
      Digest _ = client.putManifest(NAME, "v" + n + "a".repeat(100), image.manifest());
    }
    explained = "v1" + "a".repeat(100);
  }

  /** What another test asked has ended, and its streams have noticed that nobody reads them. */
  @BeforeEach
  void awaitNobodyElse() throws InterruptedException {
    while (metric("stele_audit_running") + metric("stele_http_streams") > 0) {
      Thread.sleep(20);
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

  /** As large as a policy may be: some ten million small steps for each tag. */
  private static byte[] policy() {
    String patterns =
        IntStream.range(0, 50)
            .mapToObj(n -> "'(a?){400}" + n + "b'")
            .collect(Collectors.joining(", "));
    return ("policies: [{repositories: ['**'], keep-tags: [{patterns: ["
            + patterns
            + "], most-recently-pushed-count: 1}]}]")
        .getBytes(UTF_8);
  }

  private HttpResponse<byte[]> replay() {
    return client.send("POST", RETENTION + "replay?from=p0&every=100ms", policy());
  }

  private HttpResponse<byte[]> ask(int kind) {
    return switch (kind) {
      case 0 -> replay();
      case 1 -> client.send("POST", RETENTION + "preview", policy());
      case 2 ->
          client.send(
              "GET", "/api/v1/repositories/" + NAME + "/-/tags/" + explained + "/retention");
      case 3 -> client.send("GET", "/api/v1/events?limit=1000&repository=" + GLOB);
      case 4 -> client.send("GET", "/api/v1/exposure?limit=200&digest=" + layer);
      case 5 -> client.send("GET", "/api/v1/repositories?at=p3&limit=1000");
      case 6 -> client.send("GET", "/api/v1/tag-moves?limit=1000&tag=" + GLOB);
      default -> throw new IllegalArgumentException("kind " + kind);
    };
  }

  private void assertThatTheRestGoesOn(String name, int number) {
    assertThat(client.send("GET", "/livez").statusCode()).isEqualTo(200);
    ImageFixture.Image image = SmallImages.image(name + number);
    client.push(name, "v" + number, image);
    assertThat(client.manifest(name, "v" + number).bytes()).isEqualTo(image.manifest().bytes());
  }

  private double metric(String name) {
    return client.metrics().stream()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void whatTakesTooLongIsStoppedAndSaysWhatToDo() throws Exception {
    double stopped = metric("stele_audit_stopped_total");
    HttpResponse<byte[]> answer = replay();
    String told = new String(answer.body(), UTF_8);
    assertThat(answer.statusCode()).as(told).isEqualTo(503);
    assertThat(answer.headers().firstValue("Retry-After")).hasValue("5");
    assertThat(told).contains("longer than 1500ms", "audit.deadline", "ask for less");
    while (metric("stele_audit_running") > 0) {
      Thread.sleep(20);
    }
    assertThat(metric("stele_audit_stopped_total")).isEqualTo(stopped + 1);
    assertThat(client.send("GET", "/api/v1/events").statusCode()).isEqualTo(200);
  }

  @Test
  void probesPushesAndPullsGoOnBesideManyOfEachKind() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<HttpResponse<byte[]>>> asked = new ArrayList<>();
      for (int n = 0; n < OF_EACH_KIND * KINDS; n++) {
        int kind = n % KINDS;
        asked.add(threads.submit(() -> ask(kind)));
      }
      int rounds = 0;
      while (!asked.stream().allMatch(Future::isDone)) {
        assertThatTheRestGoesOn("beside", rounds++);
      }
      assertThat(rounds).isPositive();
      Set<String> told = new HashSet<>();
      for (Future<HttpResponse<byte[]>> each : asked) {
        HttpResponse<byte[]> answer = each.get();
        String body = new String(answer.body(), UTF_8);
        assertThat(answer.statusCode()).as(body).isIn(200, 503);
        if (answer.statusCode() == 503) {
          assertThat(answer.headers().firstValue("Retry-After")).isPresent();
          told.add(body.contains("too many questions") ? "busy" : "stopped");
        }
      }
      assertThat(told).containsExactlyInAnyOrder("busy", "stopped");
    }
  }

  @Test
  void streamsThatMatchAnExpensiveGlobStopNothing() throws Exception {
    List<InputStream> streams = new ArrayList<>();
    try {
      for (int n = 0; n < 100; n++) {
        streams.add(
            client.stream("/api/v1/events?repository=" + GLOB, "Accept", "text/event-stream")
                .body());
      }
      for (int n = 0; n < 10; n++) {
        assertThatTheRestGoesOn("beside-streams", n);
      }
      assertThat(metric("stele_http_streams")).isPositive();
    } finally {
      for (InputStream stream : streams) {
        stream.close();
      }
    }
  }
}
