package dev.stele.gc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.registry.Outcome;
import dev.stele.registry.PutManifest;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import dev.stele.registry.TestClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.io.TempDir;

/**
 * Blobs that are all past grace, a collector that is about to take them, and clients that ask for
 * them at the same moment: whoever is told that one is there can use it.
 */
class LeaseRaceTest {
  private static final Duration GRACE = Duration.ofMillis(400);
  private static final RepositoryName APP = RepositoryName.parse("team/app");
  private static final int CLIENTS = 8;
  private static final int BLOBS = 240;

  @TempDir private Path folder;

  @RepeatedTest(3)
  void whoeverIsToldThatABlobIsThereCanUseIt() throws Exception {
    RegistryOptions options = RegistryOptions.DEFAULT.withGc(GcOptions.DEFAULT.withGrace(GRACE));
    try (RegistryFixture fixture = RegistryFixture.onDisk(folder, options)) {
      Registry registry = fixture.registry();
      List<Digest> blobs = new ArrayList<>();
      for (int n = 0; n < BLOBS; n++) {
        blobs.add(TestClient.upload(registry, APP, "blob " + n));
      }
      fixture.follow();
      Thread.sleep(GRACE.plusMillis(100));

      CyclicBarrier together = new CyclicBarrier(CLIENTS + 1);
      AtomicInteger used = new AtomicInteger();
      AtomicInteger gone = new AtomicInteger();
      List<Future<?>> running = new ArrayList<>();
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        for (int client = 0; client < CLIENTS; client++) {
          int own = client;
          running.add(
              threads.submit(
                  () -> {
                    together.await();
                    // From the end, while the collector comes from the beginning.
                    for (int n = BLOBS - 1 - own; n >= 0; n -= CLIENTS) {
                      (use(registry, blobs.get(n), n) ? used : gone).incrementAndGet();
                    }
                    return null;
                  }));
        }
        together.await();
        assertThat(registry.collecting().run().failure()).isEmpty();
      }
      for (Future<?> each : running) {
        each.get();
      }
      assertThat(used.get()).isPositive();
      assertThat(gone.get()).isPositive();
      assertThat(registry.upkeep().verifyProjections().equal()).isTrue();
    }
  }

  /** Asks for a blob; if it is there, puts a manifest that needs it. */
  private static boolean use(Registry registry, Digest blob, int number) throws IOException {
    long asked = System.nanoTime();
    if (registry.blobSize(APP, blob) instanceof Outcome.Refused) {
      return false;
    }
    Outcome<PutManifest> put =
        TestClient.tryPush(registry, APP, Tag.parse("t" + number), TestManifest.artifact(blob));
    if (System.nanoTime() - asked < GRACE.toNanos()) {
      assertThat(put).isInstanceOf(Outcome.Ok.class);
    }
    return put instanceof Outcome.Ok;
  }
}
