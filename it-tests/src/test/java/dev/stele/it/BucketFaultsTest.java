package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server whose way to its bucket is bad while clients push and pull: answers 500 and 503,
 * connections cut at a random byte of the request or the answer, answers that do not come. Then the
 * bucket is away, and comes back. Clients see success or 503 with Retry-After; nothing acknowledged
 * is lost, nothing half-written is served, and the log and the bucket fit together but for orphans.
 *
 * <p>System properties: {@code stele.test.fault-seconds} (5), {@code stele.test.fault-seed}
 * (random, printed), and {@code stele.test.fault-stall-millis} (500), how long a stalled answer
 * takes to end; from 30,000 on the server gives up first.
 */
class BucketFaultsTest {
  private static final Duration TIME =
      Duration.ofSeconds(Integer.getInteger("stele.test.fault-seconds", 5));
  private static final Duration STALL =
      Duration.ofMillis(Integer.getInteger("stele.test.fault-stall-millis", 500));
  private static final long SEED =
      Long.getLong("stele.test.fault-seed", System.nanoTime() & 0xffffffL);
  private static final int PUSHERS = 8;

  /** Longer than a part of a multipart upload. */
  private static final int LARGE_LAYER = 12 << 20;

  private final Random random = new Random(SEED);
  private final AcknowledgedPushes pushes = new AcknowledgedPushes();
  private final AtomicBoolean stop = new AtomicBoolean();
  private final List<Future<Void>> running = new ArrayList<>();

  @Test
  void nothingAcknowledgedIsLostHoweverTheBucketFails(@TempDir Path folder) throws Exception {
    System.out.printf(
        "bucket faults test: -Dstele.test.fault-seconds=%d -Dstele.test.fault-seed=%d%n",
        TIME.toSeconds(), SEED);
    LineFault.Source faults = new LineFault.Source(SEED, STALL);
    try (SharedStorage storage = SharedStorage.open();
        HttpRelay way = HttpRelay.faulty(storage.endpoint(), faults);
        SteleProcess server =
            SteleProcess.start(folder.resolve("data"), storage.environmentVia(way.uri()))) {
      try {
        push(server, faults);
        pushes.assertAllKept(server.client());
      } catch (Exception | AssertionError e) {
        throw new AssertionError("seed %d:%n%s".formatted(SEED, server.logTail()), e);
      }
      server.stop();
      SteleProcess.CommandResult checked =
          SteleProcess.run(storage.environment(), "fsck", "--deep");
      assertThat(checked.exitStatus()).as(checked.output()).isZero();
    }
  }

  private void push(SteleProcess server, LineFault.Source faults) throws Exception {
    RegistryClient client = server.client();
    List<Pusher> pushers = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      try {
        for (int number = 0; number < PUSHERS; number++) {
          Pusher pusher = new Pusher(client, pushes, "faults", number, random.nextLong());
          pushers.add(number == 0 ? pusher.withLayersUpTo(LARGE_LAYER) : pusher);
          running.add(threads.submit(() -> pusher.run("faults", stop)));
        }
        running.add(threads.submit(() -> pushes.readWhile(client, stop)));
        awaitProgress();
        faults.setRate(0.25);
        Thread.sleep(TIME);
        assertNobodyFailed();
        faults.setRate(1);
        assertAway(client);
        assertNobodyFailed();
        faults.setRate(0);
        server.awaitReady();
        awaitProgress();
      } finally {
        stop.set(true);
      }
      for (Future<Void> each : running) {
        each.get();
      }
    }
    int told = pushers.stream().mapToInt(Pusher::unavailable).sum();
    System.out.printf(
        "%d manifests acknowledged, %d pushes were told to come back%n",
        pushes.acknowledgedManifests(), told);
    assertThat(told).as("pushes that the outage struck").isPositive();
  }

  private static void assertAway(RegistryClient client) {
    byte[] content = {1, 2, 3};
    UnexpectedAnswerException answer =
        catchThrowableOfType(
            UnexpectedAnswerException.class, () -> client.pushBlob("faults/away", content));
    assertThat(answer).as("a push while the bucket is away").isNotNull();
    answer.assertUnavailable();
    assertThat(client.send("GET", "/readyz").statusCode()).isEqualTo(503);
  }

  private void awaitProgress() throws InterruptedException {
    int before = pushes.acknowledgedManifests();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
    while (pushes.acknowledgedManifests() <= before + PUSHERS) {
      assertNobodyFailed();
      assertThat(System.nanoTime()).as("pushes succeed").isLessThan(deadline);
      Thread.sleep(10);
    }
  }

  private void assertNobodyFailed() {
    assertThat(running).as("no client has failed").noneMatch(Future::isDone);
  }
}
