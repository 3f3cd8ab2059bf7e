package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The server is killed (SIGKILL) while it collects, again and again on one data folder: no live
 * object is lost, and after the next collection no dead one is left.
 *
 * <p>System properties: {@code stele.test.collecting-crash-rounds} (3) and {@code
 * stele.test.collecting-crash-seed} (random, printed).
 */
@Order(SteleProcess.LONG)
class CollectingCrashTest {
  private static final int ROUNDS = Integer.getInteger("stele.test.collecting-crash-rounds", 3);
  private static final long SEED =
      Long.getLong("stele.test.collecting-crash-seed", System.nanoTime() & 0xffffffL);
  private static final Duration GRACE = Duration.ofSeconds(1);
  private static final int IMAGES = 60;
  private static final List<String> REPOSITORIES = List.of("crash/a", "crash/b");

  /** A pause after each batch makes the collection last, so that there is something to hit. */
  private static final String CONFIGURATION =
      """
      gc:
        grace: 1s
        interval: 50ms
        pause: 20ms
      retention:
        policies:
          - repositories: ["**"]
            delete-untagged: true
            delete-referrers: true
      """;

  @Test
  void aCollectionThatDiesIsFinishedByTheNext(@TempDir Path folder) throws Exception {
    System.out.printf(
        "collecting crash test: -Dstele.test.collecting-crash-rounds=%d"
            + " -Dstele.test.collecting-crash-seed=%d%n",
        ROUNDS, SEED);
    Random random = new Random(SEED);
    Files.writeString(folder.resolve("stele.yaml"), CONFIGURATION);
    int interrupted = 0;
    SteleProcess server = start(folder);
    try {
      for (int round = 0; round < ROUNDS; round++) {
        makeGarbage(server.client(), round);
        awaitCollecting(server.client());
        Thread.sleep(random.nextInt(150));
        server.kill9();
        server = start(folder);
        JsonNode waiting =
            RegistryClient.json(server.client().send("GET", "/api/v1/gc")).get("waiting");
        interrupted += waiting.get("blobs").asLong() > 0 ? 1 : 0;
        StoredContent.awaitCollected(server.client(), GRACE);
        StoredContent.assertDiskHasWhatIsLive(server, REPOSITORIES);
        System.out.printf("round %d: after the kill %s waited%n", round, waiting);
      }
      SteleProcess.CommandResult fsck =
          SteleProcess.run("fsck", "--deep", "--data", server.data().toString());
      assertThat(fsck.output()).contains("0 damaged, gone or not looked at, 0 unknown to the log");
      server.stop();
    } finally {
      server.close();
    }
    SteleProcess.CommandResult verified =
        SteleProcess.run("projections", "verify", "--data", folder.resolve("data").toString());
    assertThat(verified.exitStatus()).as(verified.output()).isZero();
    assertThat(interrupted).as("kills that met a collection half way").isPositive();
  }

  private static SteleProcess start(Path folder) throws Exception {
    return SteleProcess.start(
        folder.resolve("data"),
        Map.of(),
        List.of(),
        List.of("--config", folder.resolve("stele.yaml").toString()));
  }

  /** Images that stay, and as many that lose their tag. */
  private static void makeGarbage(RegistryClient client, int round) {
    for (int n = 0; n < IMAGES; n++) {
      String repository = REPOSITORIES.get(n % REPOSITORIES.size());
      client.push(repository, "dead" + n, SmallImages.image("dead " + round + " " + n));
      if (n % 10 == 0) {
        client.push(
            repository, "live" + round + "-" + n, SmallImages.image("live " + round + " " + n));
      }
    }
    for (int n = 0; n < IMAGES; n++) {
      String repository = REPOSITORIES.get(n % REPOSITORIES.size());
      assertThat(
              client
                  .send("DELETE", RegistryClient.manifestPath(repository, "dead" + n))
                  .statusCode())
          .isEqualTo(202);
    }
  }

  private static void awaitCollecting(RegistryClient client) throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofMinutes(1).toNanos();
    long before = collected(client);
    while (collected(client) == before) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.sleep(5);
    }
  }

  /** How many blobs the record says were collected; a page's worth of the newest is enough. */
  private static long collected(RegistryClient client) {
    JsonNode status = RegistryClient.json(client.send("GET", "/api/v1/gc"));
    JsonNode last = status.path("last");
    return last.path("endedAt").isMissingNode() ? last.path("tally").path("manifests").asLong() : 0;
  }
}
