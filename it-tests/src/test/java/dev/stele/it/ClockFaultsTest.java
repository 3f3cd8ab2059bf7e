package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clocks that are set ahead and back, of a node alone and of its PostgreSQL too: appending stops
 * with an alarm, pulls go on, nothing is removed by its age, and it goes on when the clock is right
 * again. The policy would remove everything after a year, and the collector after a second.
 */
@Timeout(400)
@Order(SteleProcess.LONG)
class ClockFaultsTest {
  private static final String APP = "team/app";
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  @TempDir private Path folder;
  private Path configuration;
  private FakeClock clock;

  @BeforeEach
  void configure() throws Exception {
    configuration =
        Files.writeString(
            folder.resolve("stele.yaml"),
            """
            database: {connect-timeout: 30s}
            gc: {interval: 300ms, grace: 30d}
            retention:
              policies:
              - repositories: ["**"]
                delete-untagged: true
                keep-tags: [{pushed-within: 365d}]
            """);
    clock = new FakeClock(folder);
  }

  private SteleProcess start(Map<String, String> environment) throws Exception {
    return SteleProcess.start(
        folder.resolve("data"),
        environment,
        List.of("-Xmx256m"),
        List.of("--config", configuration.toString()));
  }

  private SteleProcess.CommandResult confirm(Map<String, String> environment) throws Exception {
    Map<String, String> own = new HashMap<>(environment);
    own.put("STELE_DATA", folder.resolve("data").toString());
    return SteleProcess.run(own, "clock", "confirm");
  }

  private static int push(RegistryClient client, String tag) {
    ImageFixture.Image image = SmallImages.image("the only image");
    return client
        .send(
            "PUT",
            RegistryClient.manifestPath(APP, tag),
            image.manifest().bytes(),
            "Content-Type",
            image.manifest().mediaType())
        .statusCode();
  }

  private static String ready(RegistryClient client) {
    HttpResponse<byte[]> answer = client.send("GET", "/readyz");
    assertThat(answer.statusCode()).as("pulls go on, so it is ready").isEqualTo(200);
    return new String(answer.body(), UTF_8);
  }

  private static boolean doubts(RegistryClient client) {
    return ready(client).contains("alarms");
  }

  private interface Check {
    boolean holds() throws Exception;
  }

  private static void eventually(SteleProcess server, String what, Check check) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!check.holds()) {
      assertThat(System.nanoTime()).as(() -> what + "\n" + server.logTail()).isLessThan(deadline);
      Thread.sleep(100);
    }
  }

  /** Long enough for several collections and evaluations. */
  private static void assertNothingGoes(RegistryClient client, String... tags) throws Exception {
    for (int n = 0; n < 20; n++) {
      assertThat(client.tags(APP)).containsExactly(tags);
      assertThat(client.manifest(APP, tags[0]).bytes()).isNotEmpty();
      Thread.sleep(100);
    }
  }

  private static void assertRefusedWithAlarm(
      SteleProcess server, RegistryClient client, String tag, String reason) throws Exception {
    // Processes may see a clock that is set a second apart.
    eventually(server, "the doubt is noticed: " + reason, () -> ready(client).contains(reason));
    assertThat(push(client, tag)).isEqualTo(503);
    assertThat(client.metrics()).contains("stele_clock_doubt 1.0");
  }

  @Test
  void aNodeWhoseClockIsAheadOfTheDatabaseStopsWritingUntilItIsRight() throws Exception {
    try (SharedStorage storage = SharedStorage.open();
        SteleProcess server = start(clock.environment(storage.environment()))) {
      RegistryClient client = server.client();
      client.push(APP, "v1", SmallImages.image("the only image"));
      clock.set("+10m");
      assertRefusedWithAlarm(server, client, "v2", "clocks disagree");
      assertNothingGoes(client, "v1");
      // Nobody's word makes two clocks agree. The command has the node's clock.
      SteleProcess.CommandResult refused = confirm(clock.environment(storage.environment()));
      assertThat(refused.exitStatus()).isNotZero();
      assertThat(refused.output()).contains("clocks disagree", "set the wrong one right");
      clock.set("+0");
      eventually(server, "it goes on by itself", () -> push(client, "v2") == 201);
      assertThat(doubts(client)).isFalse();
      assertThat(client.tags(APP)).containsExactly("v1", "v2");
      server.stop();
    }
  }

  @Test
  void aClockThatIsSetTwoYearsAheadAndBackRemovesNothing() throws Exception {
    try (SteleProcess server = start(clock.environment())) {
      RegistryClient client = server.client();
      client.push(APP, "v1", SmallImages.image("the only image"));
      clock.set("+2y");
      assertRefusedWithAlarm(server, client, "v2", "leapt");
      assertNothingGoes(client, "v1");
      clock.set("+0");
      eventually(server, "it goes on by itself", () -> push(client, "v2") == 201);
      assertNothingGoes(client, "v1", "v2");
      server.stop();
    }
  }

  @Test
  void aServerThatStartsUnderAFalseClockRemovesNothingUntilItIsConfirmed() throws Exception {
    try (SteleProcess server = start(clock.environment())) {
      server.client().push(APP, "v1", SmallImages.image("the only image"));
      server.stop();
    }
    clock.set("+2y");
    try (SteleProcess server = start(clock.environment())) {
      RegistryClient client = server.client();
      eventually(server, "nobody was there for two years", () -> doubts(client));
      // A record that nobody wrote to for long is no anomaly.
      assertThat(push(client, "v2")).isEqualTo(201);
      assertNothingGoes(client, "v1", "v2");
      server.stop();
    }
    clock.set("+0");
    try (SteleProcess server = start(clock.environment())) {
      RegistryClient client = server.client();
      assertRefusedWithAlarm(server, client, "v3", "last event was recorded at");
      assertNothingGoes(client, "v1", "v2");
      SteleProcess.CommandResult confirmed = confirm(clock.environment());
      assertThat(confirmed.exitStatus()).as(confirmed.output()).isZero();
      assertThat(confirmed.output()).contains("Confirmed: the clock reads ");
      eventually(server, "it goes on", () -> push(client, "v3") == 201);
      assertNothingGoes(client, "v1", "v2", "v3");
      server.stop();
    }
    // What the policy removes when the clock is believed: so these tests could have failed.
    clock.set("+4y");
    try (SteleProcess server = start(clock.environment())) {
      RegistryClient client = server.client();
      assertThat(client.tags(APP)).containsExactly("v1", "v2", "v3");
      SteleProcess.CommandResult confirmed = confirm(clock.environment());
      assertThat(confirmed.exitStatus()).as(confirmed.output()).isZero();
      eventually(server, "the policy removes what is old", () -> client.tags(APP).isEmpty());
      server.stop();
    }
  }
}
