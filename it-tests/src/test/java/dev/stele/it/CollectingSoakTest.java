package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Pushers that ask with HEAD first and skip what is there, pullers, and clients that delete and
 * retag, while a collector with a grace period of a second runs every 100 ms. No push fails, what
 * has a tag can be pulled whole, and in the end the disk has what is live and nothing else.
 *
 * <p>A client that takes longer than the grace period from the first answer that it relies on to
 * its manifest is on its own, so a pusher that the machine held up begins again.
 *
 * <p>System properties: {@code stele.test.soak-seconds} (20) and {@code stele.test.soak-seed}
 * (random, printed).
 */
@Order(SteleProcess.LONG)
class CollectingSoakTest {
  private static final int SECONDS = Integer.getInteger("stele.test.soak-seconds", 20);
  private static final long SEED =
      Long.getLong("stele.test.soak-seed", System.nanoTime() & 0xffffffL);

  private static final int PUSHERS = 12;
  private static final int PULLERS = 2;
  private static final int DELETERS = 2;
  private static final Duration GRACE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(900);
  private static final List<String> REPOSITORIES = List.of("soak/a", "soak/b", "soak/c");
  private static final int LAYERS = 24;
  private static final int CONFIGS = 40;
  private static final int TAGS = 20;

  private static final String CONFIGURATION =
      """
      gc:
        grace: 1s
        interval: 100ms
      retention:
        delay: 0s
        policies:
          - repositories: ["**"]
            delete-untagged: true
            delete-referrers: true
      """;

  private final List<Content> layers = new ArrayList<>();
  private final AtomicInteger pushed = new AtomicInteger();
  private final AtomicInteger skipped = new AtomicInteger();
  private final AtomicInteger late = new AtomicInteger();
  private final AtomicInteger pulled = new AtomicInteger();
  private final AtomicInteger deleted = new AtomicInteger();
  private long stopAt;

  @Test
  void pushesAndPullsGoOnWhileTheCollectorRuns(@TempDir Path folder) throws Exception {
    System.out.printf(
        "soak: -Dstele.test.soak-seconds=%d -Dstele.test.soak-seed=%d%n", SECONDS, SEED);
    Random random = new Random(SEED);
    IntStream.range(0, LAYERS).forEach(n -> layers.add(layer(n)));
    Path configuration = Files.writeString(folder.resolve("stele.yaml"), CONFIGURATION);
    List<String> arguments = List.of("--config", configuration.toString());
    try (SteleProcess server =
        SteleProcess.start(folder.resolve("data"), Map.of(), List.of(), arguments)) {
      stopAt = System.nanoTime() + Duration.ofSeconds(SECONDS).toNanos();
      run(server.client(), random);
      System.out.printf(
          "soak: %d pushes (%d blobs skipped), %d begun again, %d pulls, %d deletions%n",
          pushed.get(), skipped.get(), late.get(), pulled.get(), deleted.get());
      StoredContent.awaitCollected(server.client(), GRACE);
      StoredContent.assertDiskHasWhatIsLive(server, REPOSITORIES);
      SteleProcess.CommandResult fsck =
          SteleProcess.run("fsck", "--deep", "--data", server.data().toString());
      assertThat(fsck.output()).contains("0 damaged, gone or not looked at, 0 unknown to the log");
      assertThat(fsck.exitStatus()).isZero();
      assertThat(server.logTail()).doesNotContain(" ERROR ");
      server.stop();
    }
    SteleProcess.CommandResult verified =
        SteleProcess.run("projections", "verify", "--data", folder.resolve("data").toString());
    assertThat(verified.exitStatus()).as(verified.output()).isZero();
    assertThat(pushed.get()).isGreaterThan(SECONDS);
    assertThat(skipped.get()).isPositive();
    assertThat(pulled.get()).isPositive();
    assertThat(deleted.get()).isPositive();
  }

  private static Content layer(int number) {
    byte[] bytes = new byte[20_000];
    new Random(number).nextBytes(bytes);
    return Content.of(ImageFixture.LAYER_TYPE, bytes);
  }

  private void run(RegistryClient client, Random random) throws Exception {
    List<Future<Void>> running = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int n = 0; n < PUSHERS; n++) {
        Random own = new Random(random.nextLong());
        running.add(threads.submit(() -> repeat(() -> push(client, own))));
      }
      for (int n = 0; n < PULLERS; n++) {
        Random own = new Random(random.nextLong());
        running.add(threads.submit(() -> repeat(() -> pull(client, own))));
      }
      for (int n = 0; n < DELETERS; n++) {
        Random own = new Random(random.nextLong());
        running.add(threads.submit(() -> repeat(() -> deleteOrRetag(client, own))));
      }
    }
    for (Future<Void> each : running) {
      each.get();
    }
  }

  @FunctionalInterface
  private interface Step {
    void run() throws Exception;
  }

  private Void repeat(Step step) throws Exception {
    try {
      while (System.nanoTime() < stopAt) {
        step.run();
      }
      return null;
    } catch (Exception | AssertionError e) {
      stopAt = System.nanoTime();
      throw e;
    }
  }

  private static <T> T any(List<T> of, Random random) {
    return of.get(random.nextInt(of.size()));
  }

  private static String anyTag(Random random) {
    return "t" + random.nextInt(TAGS);
  }

  // Pushing

  private void push(RegistryClient client, Random random) throws InterruptedException {
    String repository = any(REPOSITORIES, random);
    long begun = System.nanoTime();
    if (random.nextInt(5) == 0) {
      ImageFixture.Image one = image(random);
      ImageFixture.Image other = image(random);
      Content index = SmallImages.index(one, other);
      boolean inTime =
          pushChild(client, repository, one, random, begun)
              && pushChild(client, repository, other, random, begun)
              && put(client, repository, anyTag(random), index, random, begun);
      count(inTime);
    } else {
      ImageFixture.Image image = image(random);
      count(
          pushContent(client, repository, image, random)
              && put(client, repository, anyTag(random), image.manifest(), random, begun));
    }
  }

  private void count(boolean inTime) {
    (inTime ? pushed : late).incrementAndGet();
  }

  private ImageFixture.Image image(Random random) {
    byte[] config =
        "{\"architecture\":\"amd64\",\"os\":\"linux\",\"comment\":\"%d\"}"
            .formatted(random.nextInt(CONFIGS))
            .getBytes(UTF_8);
    Content configContent = Content.of(ImageFixture.CONFIG_TYPE, config);
    List<Content> own = List.of(any(layers, random), any(layers, random));
    return new ImageFixture.Image(
        "amd64",
        configContent,
        own,
        own.stream().map(Content::digest).toList(),
        ImageFixture.manifest(configContent, own));
  }

  /** False if an upload took longer than a silent one may. */
  private boolean pushContent(
      RegistryClient client, String repository, ImageFixture.Image image, Random random) {
    for (Content blob :
        Stream.concat(Stream.of(image.config()), image.layers().stream()).toList()) {
      if (client.hasBlob(repository, blob.digest()) || mounted(client, repository, blob, random)) {
        skipped.incrementAndGet();
      } else {
        long begun = System.nanoTime();
        try {
          client.pushBlob(repository, blob.bytes());
        } catch (UnexpectedAnswerException e) {
          if (System.nanoTime() - begun > GRACE.toNanos()) {
            return false;
          }
          throw e;
        }
      }
    }
    return true;
  }

  private static boolean mounted(
      RegistryClient client, String repository, Content blob, Random random) {
    if (random.nextInt(3) > 0) {
      return false;
    }
    HttpResponse<byte[]> answer =
        client.send(
            "POST",
            RegistryClient.uploads(repository)
                + "?mount="
                + blob.digest()
                + "&from="
                + any(REPOSITORIES, random));
    assertThat(answer.statusCode()).isIn(201, 202);
    if (answer.statusCode() == 202) {
      // As podman and skopeo do.
      client.send("DELETE", RegistryClient.header(answer, "Location"));
    }
    return answer.statusCode() == 201;
  }

  private boolean pushChild(
      RegistryClient client, String repository, ImageFixture.Image image, Random random, long begun)
      throws InterruptedException {
    String digest = image.manifest().digest().toString();
    if (client.hasTag(repository, digest)) {
      skipped.incrementAndGet();
      return true;
    }
    return pushContent(client, repository, image, random)
        && put(client, repository, digest, image.manifest(), random, begun);
  }

  /** Puts a manifest, perhaps after a pause; false if that would be too late. */
  private boolean put(
      RegistryClient client,
      String repository,
      String reference,
      Content manifest,
      Random random,
      long begun)
      throws InterruptedException {
    long left = LONGEST_PAUSE.toNanos() - (System.nanoTime() - begun);
    if (left > 0 && random.nextInt(4) == 0) {
      Thread.sleep(Duration.ofNanos(random.nextLong(left)));
    }
    if (System.nanoTime() - begun > LONGEST_PAUSE.toNanos()) {
      return false;
    }
    HttpResponse<byte[]> answer =
        client.send(
            "PUT",
            RegistryClient.manifestPath(repository, reference),
            manifest.bytes(),
            "Content-Type",
            manifest.mediaType());
    if (answer.statusCode() == 201) {
      return true;
    }
    assertThat(System.nanoTime() - begun)
        .as(
            () ->
                "refused within the grace period: %d %s"
                    .formatted(answer.statusCode(), new String(answer.body(), UTF_8)))
        .isGreaterThan(GRACE.toNanos());
    return false;
  }

  // Pulling

  private void pull(RegistryClient client, Random random) {
    if (pullWhole(client, any(REPOSITORIES, random), anyTag(random))) {
      pulled.incrementAndGet();
    }
  }

  /** Pulls what a tag points to; false if there is no such tag. */
  private static boolean pullWhole(RegistryClient client, String repository, String reference) {
    long begun = System.nanoTime();
    HttpResponse<byte[]> answer = get(client, RegistryClient.manifestPath(repository, reference));
    if (answer.statusCode() == 404) {
      return false;
    }
    JsonNode manifest = RegistryClient.json(answer);
    for (String digest : StoredContent.referred(manifest, "manifests")) {
      assertPulls(client, repository, RegistryClient.manifestPath(repository, digest), begun);
      HttpResponse<byte[]> child = get(client, RegistryClient.manifestPath(repository, digest));
      if (child.statusCode() == 200) {
        pullBlobs(client, repository, RegistryClient.json(child), begun);
      }
    }
    pullBlobs(client, repository, manifest, begun);
    return true;
  }

  private static void pullBlobs(
      RegistryClient client, String repository, JsonNode manifest, long begun) {
    for (String digest : StoredContent.blobs(manifest)) {
      assertPulls(
          client, repository, RegistryClient.blobPath(repository, Digest.parse(digest)), begun);
    }
  }

  /** What a tag just pointed to stays for a grace period, whatever became of the tag. */
  private static void assertPulls(
      RegistryClient client, String repository, String path, long begun) {
    HttpResponse<byte[]> answer = get(client, path);
    if (answer.statusCode() != 200) {
      assertThat(answer.statusCode()).isEqualTo(404);
      assertThat(System.nanoTime() - begun)
          .as("%s of a tagged image of %s is gone", path, repository)
          .isGreaterThan(GRACE.toNanos());
    }
  }

  private static HttpResponse<byte[]> get(RegistryClient client, String path) {
    HttpResponse<byte[]> answer =
        client.send("GET", path, "Accept", String.join(", ", MediaTypes.MANIFESTS));
    assertThat(answer.statusCode()).isIn(200, 404);
    return answer;
  }

  // Deleting

  private void deleteOrRetag(RegistryClient client, Random random) throws InterruptedException {
    String repository = any(REPOSITORIES, random);
    String path = RegistryClient.manifestPath(repository, anyTag(random));
    HttpResponse<byte[]> found = get(client, path);
    Thread.sleep(random.nextInt(20));
    if (found.statusCode() == 404) {
      return;
    }
    switch (random.nextInt(3)) {
      case 0 -> {
        // Another tag for the same, relying on what is there.
        HttpResponse<byte[]> answer =
            client.send(
                "PUT",
                RegistryClient.manifestPath(repository, anyTag(random)),
                found.body(),
                "Content-Type",
                RegistryClient.header(found, "Content-Type"));
        assertThat(answer.statusCode()).as(() -> new String(answer.body(), UTF_8)).isEqualTo(201);
      }
      case 1 -> delete(client, path);
      default -> {
        // An index: others may rely on an image of their own by its digest.
        if (RegistryClient.json(found).has("manifests")) {
          delete(
              client,
              RegistryClient.manifestPath(
                  repository, RegistryClient.header(found, "Docker-Content-Digest")));
        }
      }
    }
  }

  private void delete(RegistryClient client, String path) {
    assertThat(client.send("DELETE", path).statusCode()).isIn(202, 404);
    deleted.incrementAndGet();
  }
}
