package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Server, PostgreSQL or both are killed (SIGKILL) at random moments while eight clients push, again
 * and again on one data folder. What was acknowledged must be there, tags must point where a client
 * can expect them, the log stays dense, the views equal its replay, and no half blob is ever
 * served.
 *
 * <p>System properties: {@code stele.test.crash-rounds} (3) and {@code stele.test.crash-seed}
 * (random, printed).
 */
@Order(SteleProcess.LONG)
class CrashTest {
  private static final int ROUNDS = Integer.getInteger("stele.test.crash-rounds", 3);
  private static final long SEED =
      Long.getLong("stele.test.crash-seed", System.nanoTime() & 0xffffffL);
  private static final int PUSHERS = 8;

  /** A replay reads the whole log, so that happens only now and then, and at the end. */
  private static final int VERIFY_EVERY = 20;

  private enum Victim {
    SERVER,
    POSTGRESQL,
    BOTH
  }

  private final AcknowledgedPushes pushes = new AcknowledgedPushes();
  private final Random random = new Random(SEED);
  private long nextPosition;

  @Test
  void nothingAcknowledgedIsLostHoweverTheProcessesDie(@TempDir Path folder) throws Exception {
    System.out.printf(
        "crash test: -Dstele.test.crash-rounds=%d -Dstele.test.crash-seed=%d%n", ROUNDS, SEED);
    Path data = folder.resolve("data");
    SteleProcess server = SteleProcess.start(data);
    try {
      for (int round = 0; round < ROUNDS; round++) {
        Victim victim = Victim.values()[round % Victim.values().length];
        try {
          server = crash(round, victim, server);
          check(round, server);
          System.out.printf(
              "round %d, victim %s: %d manifests and %d events kept%n",
              round, victim, pushes.acknowledgedManifests(), nextPosition);
        } catch (Exception | AssertionError e) {
          throw new AssertionError(
              "round %d, victim %s, seed %d:%n%s".formatted(round, victim, SEED, server.logTail()),
              e);
        }
      }
      pushes.assertAllKept(server.client());
      server.stop();
      assertViewsEqualReplay(data);
    } finally {
      server.close();
    }
    assertThat(pushes.acknowledgedManifests()).isGreaterThan(ROUNDS);
  }

  /** Pushes, kills, and answers with the server that runs afterwards. */
  private SteleProcess crash(int round, Victim victim, SteleProcess server) throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    SteleProcess after = server;
    RegistryClient client = server.client();
    int before = pushes.acknowledgedManifests();
    List<Future<Void>> running = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      try {
        for (int pusher = 0; pusher < PUSHERS; pusher++) {
          Pusher task = new Pusher(client, pushes, "crash", pusher, random.nextLong());
          running.add(threads.submit(() -> task.run("round " + round, stop)));
        }
        running.add(threads.submit(() -> pushes.readWhile(client, stop)));
        // The moment is random, but after something has been acknowledged, so that it can be lost.
        while (pushes.acknowledgedManifests() == before
            && running.stream().noneMatch(Future::isDone)) {
          Thread.sleep(5);
        }
        Thread.sleep(random.nextInt(800));
        if (victim != Victim.POSTGRESQL) {
          server.kill9();
        }
        if (victim != Victim.SERVER) {
          server.killPostgres();
        }
        if (victim == Victim.POSTGRESQL) {
          awaitRecovery(server, running);
        }
      } finally {
        stop.set(true);
      }
      for (Future<Void> each : running) {
        each.get();
      }
    }
    if (victim != Victim.POSTGRESQL) {
      after = SteleProcess.start(server.data());
    }
    return after;
  }

  /** The server starts its PostgreSQL again by itself, and the pushers get on. */
  private void awaitRecovery(SteleProcess server, List<Future<Void>> running) throws Exception {
    int before = pushes.acknowledgedManifests();
    long deadline = System.nanoTime() + 60_000_000_000L;
    // More than the pushers can have had on its way when PostgreSQL died.
    while (pushes.acknowledgedManifests() < before + 2 * PUSHERS) {
      assertThat(server.isAlive()).as("the server runs on").isTrue();
      assertThat(running).as("no pusher has given up").noneMatch(Future::isDone);
      assertThat(System.nanoTime()).as("pushes succeed again").isLessThan(deadline);
      Thread.sleep(10);
    }
    server.awaitReady();
  }

  private void check(int round, SteleProcess server) throws Exception {
    RegistryClient client = server.client();
    pushes.assertKept(client);
    for (RecordedEvent event :
        nextPosition == 0 ? client.events() : client.eventsAfter(nextPosition - 1)) {
      assertThat(event.position()).isEqualTo(nextPosition);
      nextPosition++;
    }
    if (round % VERIFY_EVERY == 0) {
      assertViewsEqualReplay(server.data());
    }
  }

  private static void assertViewsEqualReplay(Path data) throws Exception {
    SteleProcess.CommandResult verified =
        SteleProcess.run("projections", "verify", "--data", data.toString());
    assertThat(verified.exitStatus()).as(verified.output()).isZero();
  }
}
