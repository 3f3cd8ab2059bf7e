package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Many pushers at once: nobody is refused, nothing is lost, and the log stays dense. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConcurrencyTest {
  private static final int PUSHERS = 64;
  private static final int IMAGES_EACH = 4;

  private SteleProcess server;
  private RegistryClient client;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    server = SteleProcess.start(folder.resolve("data"));
    client = server.client();
  }

  @AfterAll
  void stop() throws Exception {
    try {
      server.stop();
    } finally {
      server.close();
    }
  }

  @Test
  void sixtyFourPushIntoOneRepository() throws Exception {
    pushAll("one", pusher -> "concurrent/one");
    assertThat(client.tags("concurrent/one")).hasSize(PUSHERS * IMAGES_EACH + 1).contains("shared");
  }

  @Test
  void sixtyFourPushIntoSixtyFourRepositories() throws Exception {
    pushAll("many", pusher -> "concurrent/many-" + pusher);
    for (int pusher = 0; pusher < PUSHERS; pusher++) {
      assertThat(client.tags("concurrent/many-" + pusher)).hasSize(IMAGES_EACH + 1);
    }
  }

  /** Each pusher pushes images of its own, and moves the tag "shared" to each. */
  private void pushAll(String run, IntFunction<String> repositoryOf) throws Exception {
    CountDownLatch start = new CountDownLatch(1);
    try (ExecutorService pushers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Void>> pushed = new ArrayList<>();
      for (int i = 0; i < PUSHERS; i++) {
        int pusher = i;
        pushed.add(
            pushers.submit(
                () -> {
                  start.await();
                  for (int image = 0; image < IMAGES_EACH; image++) {
                    ImageFixture.Image pushedImage = image(run, pusher, image);
                    client.push(repositoryOf.apply(pusher), tag(pusher, image), pushedImage);
                    client.putManifest(
                        repositoryOf.apply(pusher), "shared", pushedImage.manifest());
                  }
                  return null;
                }));
      }
      start.countDown();
      for (Future<Void> each : pushed) {
        each.get();
      }
    }
    for (int pusher = 0; pusher < PUSHERS; pusher++) {
      for (int image = 0; image < IMAGES_EACH; image++) {
        String repository = repositoryOf.apply(pusher);
        ImageFixture.Image expected = image(run, pusher, image);
        assertThat(client.manifest(repository, tag(pusher, image)).bytes())
            .isEqualTo(expected.manifest().bytes());
        assertThat(client.blob(repository, expected.layers().getFirst().digest()))
            .isEqualTo(expected.layers().getFirst().bytes());
      }
    }
    assertSharedTagsAgreeWithTheRecord(repositoryOf);
    assertDense();
    assertBatchesAreMeasured();
  }

  private static ImageFixture.Image image(String run, int pusher, int image) {
    return SmallImages.image(run + " pusher " + pusher + " image " + image);
  }

  private static String tag(int pusher, int image) {
    return "p" + pusher + "-i" + image;
  }

  /** The tag that all move is where the last TagMoved says. */
  private void assertSharedTagsAgreeWithTheRecord(IntFunction<String> repositoryOf) {
    for (String repository :
        IntStream.range(0, PUSHERS).mapToObj(repositoryOf).distinct().toList()) {
      String last =
          client.eventsOf(repository).stream()
              .filter(e -> e.type().equals("TagMoved") && e.tag().equals("shared"))
              .reduce((earlier, later) -> later)
              .orElseThrow()
              .digest();
      assertThat(client.manifest(repository, "shared").digest().toString()).isEqualTo(last);
    }
  }

  private void assertDense() {
    List<Long> positions = client.events().stream().map(RecordedEvent::position).toList();
    assertThat(positions)
        .isEqualTo(IntStream.range(0, positions.size()).mapToObj(Long::valueOf).toList());
  }

  /** The lane counted every command once, and took several of them into a batch under load. */
  private void assertBatchesAreMeasured() {
    double batches = metric("stele_lane_batch_commands_count");
    double commands = metric("stele_lane_batch_commands_sum");
    // Every request here is one command at most, and so is a minute's count of pulls.
    long recorded = client.events().stream().map(RecordedEvent::requestId).distinct().count();
    assertThat(commands).isEqualTo((double) recorded);
    assertThat(batches).as("under load some commands share a batch").isBetween(1.0, commands - 1);
  }

  private double metric(String name) {
    return client.metrics().stream()
        .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no metric " + name));
  }
}
