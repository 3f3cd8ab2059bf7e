package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Collecting as an operator sees it: by itself, by command beside a server, and what is told. */
class CollectingTest {
  private static final Duration GRACE = Duration.ofSeconds(1);

  @TempDir private Path folder;

  private SteleProcess start() throws Exception {
    return SteleProcess.start(
        folder.resolve("data"),
        Map.of(),
        List.of(),
        List.of("--config", folder.resolve("stele.yaml").toString()));
  }

  private SteleProcess.CommandResult gc(SteleProcess server, String... options) throws Exception {
    return SteleProcess.run(
        Stream.concat(
                Stream.of(
                    "gc",
                    "--data",
                    server.data().toString(),
                    "--config",
                    folder.resolve("stele.yaml").toString()),
                Stream.of(options))
            .toArray(String[]::new));
  }

  @Test
  void aCommandTellsWhatWouldGoAndTakesItBesideTheServer() throws Exception {
    Files.writeString(folder.resolve("stele.yaml"), "gc:\n  enabled: false\n  grace: 1s\n");
    try (SteleProcess server = start()) {
      RegistryClient client = server.client();
      ImageFixture.Image kept = SmallImages.image("kept");
      ImageFixture.Image gone = SmallImages.image("gone");
      client.push("team/app", "kept", kept);
      client.push("team/app", "gone", gone);
      byte[] unused = "never used".getBytes(UTF_8);
      client.pushBlob("team/app", unused);
      assertThat(
              client
                  .send(
                      "DELETE",
                      RegistryClient.manifestPath("team/app", gone.manifest().digest().toString()))
                  .statusCode())
          .isEqualTo(202);
      awaitFollowed(client);
      Thread.sleep(GRACE.plusMillis(300));

      SteleProcess.CommandResult dryRun = gc(server, "--dry-run");
      assertThat(dryRun.exitStatus()).as(dryRun.output()).isZero();
      assertThat(dryRun.output())
          .contains("manifest " + gone.manifest().digest() + " was removed")
          .contains("uploaded, and no manifest has used it since")
          .containsPattern("blob +team/app +" + gone.layers().getFirst().digest())
          .contains("3 would go")
          .doesNotContain(kept.layers().getFirst().digest().toString());
      assertThat(client.blob("team/app", gone.layers().getFirst().digest())).isNotEmpty();

      SteleProcess.CommandResult collected = gc(server, "--json");
      assertThat(collected.exitStatus()).as(collected.output()).isZero();
      assertThat(collected.output()).contains("\"blobs\":3").contains("\"objects\":3");
      assertThat(client.hasBlob("team/app", gone.layers().getFirst().digest())).isFalse();
      assertThat(client.blob("team/app", kept.layers().getFirst().digest()))
          .isEqualTo(kept.layers().getFirst().bytes());
      assertThat(client.eventsOf("team/app").stream().map(RecordedEvent::type))
          .contains("BlobUnlinked");
      SteleProcess.CommandResult fsck =
          SteleProcess.run("fsck", "--deep", "--data", server.data().toString());
      assertThat(fsck.output()).contains("0 damaged, gone or not looked at, 0 unknown to the log");
      server.stop();
    }
  }

  @Test
  void aServerCollectsByItselfAndTells() throws Exception {
    Files.writeString(
        folder.resolve("stele.yaml"),
        "gc:\n  grace: 1s\n  interval: 100ms\n  windows: [\"00:00-24:00\"]\n");
    try (SteleProcess server = start()) {
      RegistryClient client = server.client();
      client.push("team/app", "v1", SmallImages.image("kept"));
      client.pushBlob("team/other", "never used".getBytes(UTF_8));
      awaitFollowed(client);
      long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
      while (client.send("GET", "/v2/team/other/tags/list").statusCode() != 404) {
        assertThat(System.nanoTime()).as(() -> server.logTail()).isLessThan(deadline);
        Thread.sleep(100);
      }
      // What a collection took is told when it has ended, and the view has followed it.
      JsonNode status =
          awaitStatus(client, told -> told.has("last") && waiting(told, "blobs") == 0);
      assertThat(status.get("enabled").asBoolean()).isTrue();
      assertThat(status.get("leading").asBoolean()).isTrue();
      assertThat(status.get("grace").asText()).isEqualTo("PT1S");
      assertThat(status.get("windows").get(0).asText()).isEqualTo("00:00-00:00");
      assertThat(status.get("last").get("startedAt").asText()).isNotEmpty();
      assertThat(client.metrics()).contains("stele_leading 1.0");
      server.stop();
    }
  }

  private static void awaitFollowed(RegistryClient client) throws InterruptedException {
    awaitStatus(client, told -> waiting(told, "behind") == 0);
  }

  private static JsonNode awaitStatus(RegistryClient client, Predicate<JsonNode> condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (true) {
      JsonNode status = RegistryClient.json(client.send("GET", "/api/v1/gc"));
      if (condition.test(status)) {
        return status;
      }
      assertThat(System.nanoTime()).as(status::toString).isLessThan(deadline);
      Thread.sleep(20);
    }
  }

  private static long waiting(JsonNode status, String what) {
    return status.get("waiting").get(what).asLong();
  }
}
