package dev.stele.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stele.gc.Collection;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.RetentionPolicy;
import dev.stele.registry.Caller;
import dev.stele.registry.Outcome;
import dev.stele.registry.Registry;
import dev.stele.server.Node;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import dev.stele.server.config.ConfigurationReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;

/**
 * What collecting costs: how long deletions take to become collectable in a small and in a large
 * repository, and how fast manifests and blobs are collected. On a registry of its own, without
 * HTTP: nothing but the engine is measured.
 */
final class CollectingCost {
  private static final Caller CALLER = new Caller("bench", "bench");
  private static final int DELETIONS = 1000;
  private static final int ROUNDS = 3;
  private static final int PUSHERS = 64;
  private static final int SHARED_LAYERS = 3;
  private static final int BLOB_BYTES = 4096;

  private final Node node;
  private final Registry registry;
  private final PrintStream out;

  private CollectingCost(Node node, PrintStream out) {
    this.node = node;
    this.registry = node.registry();
    this.out = out;
  }

  /**
   * Measures and prints.
   *
   * @param data a folder for the registry's data, which must not exist
   * @param small how many manifests the small repository has, at least 3,000
   * @param large how many the large one has
   * @param blobs how many unused blobs are swept
   */
  public static void run(Path data, int small, int large, int blobs, PrintStream out)
      throws ConfigurationException, StartupException, IOException, InterruptedException {
    Map<String, String> environment =
        Map.of("STELE_MANIFESTS_SPARSE", "true", "STELE_GC_GRACE", "0s");
    try (Node node =
        Node.open(
            ConfigurationReader.load(Optional.empty(), environment, Map.of("data", data.toString()))
                .configuration())) {
      CollectingCost cost = new CollectingCost(node, out);
      cost.adoptPolicy();
      cost.becomingCollectable(small, large);
      cost.collecting(blobs);
    }
  }

  private void adoptPolicy() {
    node.engine()
        .retention()
        .adopt(
            new RetentionPolicy(
                Duration.ZERO,
                false,
                List.of(
                    new RetentionPolicy.Policy(
                        List.of(RepositoryGlob.parse("**")),
                        new RetentionPolicy.Rules(true, true, List.of())))));
  }

  private void becomingCollectable(int small, int large) throws InterruptedException {
    List<Integer> sizes = List.of(small, large);
    for (int size : sizes) {
      long started = System.nanoTime();
      atOnce(size, n -> put(repository(size), n));
      double put = seconds(started);
      long followed = System.nanoTime();
      long events = follow();
      out.printf(
          "%,d manifests put, %.0f a second; the view took in %,d events, %.0f a second%n",
          size, size / put, events, events / seconds(followed));
    }
    List<List<Double>> times = List.of(new ArrayList<>(), new ArrayList<>());
    for (int round = 0; round < ROUNDS; round++) {
      for (int i = 0; i < sizes.size(); i++) {
        int size = sizes.get(i);
        int first = round * DELETIONS;
        atOnce(DELETIONS, n -> delete(repository(size), first + n));
        long started = System.nanoTime();
        follow();
        times.get(i).add(seconds(started));
      }
    }
    double inSmall = ResultTable.median(times.get(0));
    double inLarge = ResultTable.median(times.get(1));
    out.printf(
        "%,d deletions become collectable: %.0f ms out of %,d manifests, %.0f ms out of %,d (%.2fx;"
            + " medians of %d)%n",
        DELETIONS, inSmall * 1e3, small, inLarge * 1e3, large, inLarge / inSmall, ROUNDS);
  }

  private void collecting(int blobs) throws InterruptedException {
    long started = System.nanoTime();
    Collection manifests = registry.collecting().run();
    out.printf(
        "%,d manifests collected, %.0f a second%n",
        manifests.tally().manifests(), manifests.tally().manifests() / seconds(started));
    atOnce(blobs, this::upload);
    follow();
    long swept = System.nanoTime();
    Collection collection = registry.collecting().run();
    if (collection.tally().objects() != blobs || collection.failure().isPresent()) {
      throw new IllegalStateException("not all " + blobs + " blobs were swept: " + collection);
    }
    out.printf("%,d blobs swept, %.0f a second%n", blobs, blobs / seconds(swept));
  }

  private static RepositoryName repository(int size) {
    return RepositoryName.parse("bench/of-" + size);
  }

  private static Tag tag(int number) {
    return Tag.parse("t" + number);
  }

  private void put(RepositoryName repository, int number) {
    StringBuilder layers = new StringBuilder();
    for (int layer = 0; layer < SHARED_LAYERS; layer++) {
      layers.append(layer == 0 ? "" : ",").append(descriptor("layer " + layer));
    }
    byte[] manifest =
        "{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s]}"
            .formatted(descriptor(repository + " " + number), layers)
            .getBytes(UTF_8);
    expect(
        registry.putManifest(
            CALLER, repository, tag(number), MediaTypes.OCI_IMAGE, manifest, List.of()));
  }

  private static String descriptor(String content) {
    return "{\"mediaType\":\"application/octet-stream\",\"digest\":\"%s\",\"size\":1}"
        .formatted(Digest.of(Digest.Algorithm.SHA256, content.getBytes(UTF_8)));
  }

  private void delete(RepositoryName repository, int number) {
    expect(registry.deleteTag(CALLER, repository, tag(number)));
  }

  private void upload(int number) throws IOException {
    byte[] blob = new byte[BLOB_BYTES];
    new Random(number).nextBytes(blob);
    expect(
        registry.putBlob(
            CALLER,
            RepositoryName.parse("bench/blobs"),
            Digest.of(Digest.Algorithm.SHA256, blob),
            OptionalLong.of(blob.length),
            new ByteArrayInputStream(blob)));
  }

  private static void expect(Outcome<?> outcome) {
    if (outcome instanceof Outcome.Refused<?> refused) {
      throw new IllegalStateException("the registry refused: " + refused);
    }
  }

  private long follow() {
    long events = 0;
    for (int some = registry.collecting().follow(); some > 0; ) {
      events += some;
      some = registry.collecting().follow();
    }
    return events;
  }

  private static double seconds(long sinceNanos) {
    return (System.nanoTime() - sinceNanos) / 1e9;
  }

  @FunctionalInterface
  private interface Numbered {
    void run(int number) throws IOException;
  }

  private static void atOnce(int count, Numbered work) throws InterruptedException {
    Semaphore room = new Semaphore(PUSHERS);
    List<Future<?>> running = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int n = 0; n < count; n++) {
        int number = n;
        room.acquire();
        running.add(
            threads.submit(
                () -> {
                  try {
                    work.run(number);
                  } finally {
                    room.release();
                  }
                  return null;
                }));
      }
    }
    for (Future<?> each : running) {
      try {
        each.get();
      } catch (ExecutionException e) {
        throw new IllegalStateException("a step of the benchmark failed", e.getCause());
      }
    }
  }
}
