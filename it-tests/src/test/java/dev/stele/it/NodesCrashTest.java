package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.database.EmbeddedPostgres;
import dev.stele.database.TestDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two servers over one PostgreSQL and one bucket, behind a load balancer, and 32 clients that push
 * all the while. Again and again one server is killed (SIGKILL) and restarted while the other goes
 * on alone, PostgreSQL is stopped as by {@code pg_ctl stop -m immediate} and started again, or one
 * of its processes is killed, upon which it ends all sessions and recovers. Nothing that was
 * acknowledged is lost or points elsewhere, the log is dense, the views equal its replay, and a
 * check of the log against the bucket finds orphans at most.
 *
 * <p>System properties: {@code stele.test.node-rounds} (4) and {@code stele.test.node-seed}
 * (random, printed).
 */
@Order(SteleProcess.LONG)
class NodesCrashTest {
  private static final int ROUNDS = Integer.getInteger("stele.test.node-rounds", 4);
  private static final long SEED =
      Long.getLong("stele.test.node-seed", System.nanoTime() & 0xffffffL);
  private static final int PUSHERS = 32;
  private static final int LARGEST_LAYER = 20_000;

  /** In milliseconds: a server that starts again has a share of the machine, too. */
  private static final int LONGEST_PAUSE = 1000;

  private enum Victim {
    SERVER,
    POSTGRESQL,
    OTHER_SERVER,
    SESSION
  }

  private final Random random = new Random(SEED);
  private final AcknowledgedPushes pushes = new AcknowledgedPushes();
  private final AtomicBoolean stop = new AtomicBoolean();
  private final List<Future<Void>> running = new ArrayList<>();

  @Test
  void nothingAcknowledgedIsLostWhicheverProcessDies(@TempDir Path folder) throws Exception {
    System.out.printf(
        "nodes test: -Dstele.test.node-rounds=%d -Dstele.test.node-seed=%d%n", ROUNDS, SEED);
    EmbeddedPostgres postgres = TestDatabase.startServer(folder.resolve("postgresql"));
    try (SharedStorage storage = SharedStorage.on(postgres);
        Nodes nodes = Nodes.start(folder, 2, storage.environment())) {
      try {
        pushAndKill(nodes, postgres);
        check(nodes.node(0).client(), storage.environment());
      } catch (Exception | AssertionError e) {
        throw new AssertionError("seed %d:%n%s".formatted(SEED, nodes.logs()), e);
      }
      nodes.stop();
    }
  }

  private void pushAndKill(Nodes nodes, EmbeddedPostgres postgres) throws Exception {
    RegistryClient client = nodes.client();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      try {
        for (int number = 0; number < PUSHERS; number++) {
          Pusher pusher =
              new Pusher(client, pushes, "nodes", number, random.nextLong())
                  .withLayersUpTo(LARGEST_LAYER)
                  .withPausesUpTo(LONGEST_PAUSE);
          running.add(threads.submit(() -> pusher.run("nodes", stop)));
        }
        running.add(threads.submit(() -> pushes.readWhile(client, stop)));
        for (int round = 0; round < ROUNDS; round++) {
          Victim victim = Victim.values()[round % Victim.values().length];
          awaitProgress();
          Thread.sleep(random.nextInt(500));
          kill(victim, nodes, postgres);
          System.out.printf(
              "round %d, victim %s: %d manifests%n", round, victim, pushes.acknowledgedManifests());
        }
        awaitProgress();
      } finally {
        stop.set(true);
      }
      for (Future<Void> each : running) {
        each.get();
      }
    }
  }

  private void kill(Victim victim, Nodes nodes, EmbeddedPostgres postgres) throws Exception {
    switch (victim) {
      case SERVER, OTHER_SERVER -> {
        int node = victim == Victim.SERVER ? 0 : 1;
        nodes.kill9(node);
        // The other one serves alone meanwhile.
        awaitProgress();
        nodes.restart(node);
      }
      case POSTGRESQL -> {
        stopImmediately(postgres);
        assertThat(postgres.ensureRunning()).as("it had been stopped").isTrue();
      }
      case SESSION -> killSession(postgres);
    }
  }

  /** Waits until more pushes succeeded than can have been on their way. */
  private void awaitProgress() throws InterruptedException {
    int before = pushes.acknowledgedManifests();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
    while (pushes.acknowledgedManifests() <= before + PUSHERS) {
      assertThat(running).as("no client has failed").noneMatch(Future::isDone);
      assertThat(System.nanoTime()).as("pushes succeed again").isLessThan(deadline);
      Thread.sleep(10);
    }
  }

  /** SIGQUIT to the postmaster is what {@code pg_ctl stop -m immediate} sends. */
  private static void stopImmediately(EmbeddedPostgres postgres) throws Exception {
    ProcessHandle postmaster = ProcessHandle.of(postgres.pid()).orElseThrow();
    new ProcessBuilder("kill", "-QUIT", Long.toString(postmaster.pid())).start().waitFor();
    assertThat(postmaster.onExit()).succeedsWithin(30, TimeUnit.SECONDS);
  }

  private static void killSession(EmbeddedPostgres postgres) throws Exception {
    long pid;
    try (Connection connection =
            DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                """
                SELECT pid FROM pg_stat_activity
                WHERE application_name LIKE 'stele %' ORDER BY query_start DESC LIMIT 1
                """)) {
      assertThat(rows.next()).as("a server has a session").isTrue();
      pid = rows.getLong(1);
    }
    ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
  }

  private void check(RegistryClient client, Map<String, String> environment) throws Exception {
    pushes.assertAllKept(client);
    List<RecordedEvent> events = client.events();
    for (int i = 0; i < events.size(); i++) {
      assertThat(events.get(i).position()).isEqualTo(i);
    }
    SteleProcess.CommandResult verified = SteleProcess.run(environment, "projections", "verify");
    assertThat(verified.exitStatus()).as(verified.output()).isZero();
    SteleProcess.CommandResult checked = SteleProcess.run(environment, "fsck", "--deep");
    assertThat(checked.exitStatus()).as(checked.output()).isZero();
  }
}
