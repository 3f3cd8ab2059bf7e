package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two servers over one database: nobody waits for a node that is stopped, or for a held lock. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(180)
class NodeFaultsTest {
  private SharedStorage storage;
  private Nodes nodes;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    storage = SharedStorage.open();
    nodes = Nodes.start(folder, 2, storage.environment());
  }

  @AfterAll
  void stop() throws Exception {
    try (SharedStorage _ = storage;
        Nodes first = nodes) {
      first.stop();
    }
  }

  private Connection foreignSession() throws SQLException {
    Map<String, String> environment = storage.environment();
    return DriverManager.getConnection(
        environment.get("STELE_DATABASE_URL"),
        environment.get("STELE_DATABASE_USER"),
        environment.get("STELE_DATABASE_PASSWORD"));
  }

  private boolean leads(int number) {
    return nodes.node(number).client().metrics().contains("stele_leading 1.0");
  }

  private int awaitLeader() throws InterruptedException {
    while (true) {
      for (int number = 0; number < 2; number++) {
        if (leads(number)) {
          return number;
        }
      }
      Thread.sleep(50);
    }
  }

  private static void pushAndPull(RegistryClient client, String repository, int number) {
    ImageFixture.Image image = SmallImages.image(repository + " " + number);
    client.push(repository, "v" + number, image);
    assertThat(client.manifest(repository, "v" + number).bytes())
        .isEqualTo(image.manifest().bytes());
    Content layer = image.layers().getFirst();
    assertThat(client.blob(repository, layer.digest())).isEqualTo(layer.bytes());
  }

  private static void signal(long pid, String name) throws Exception {
    assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor())
        .isZero();
  }

  private void assertViewsAreEqual() throws Exception {
    SteleProcess.CommandResult verified =
        SteleProcess.run(storage.environment(), "projections", "verify");
    assertThat(verified.exitStatus()).as(verified.output()).isZero();
  }

  @Test
  void aLeaderThatIsStoppedIsFollowedAndChangesNothingWhenItGoesOn() throws Exception {
    int leader = awaitLeader();
    int other = 1 - leader;
    RegistryClient client = nodes.node(other).client();
    AtomicBoolean enough = new AtomicBoolean();
    AtomicInteger pushed = new AtomicInteger();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      // So that it is stopped with transactions open, the append lane's among them.
      Future<?> pushing =
          threads.submit(
              () -> {
                for (int n = 0; !enough.get(); n++) {
                  try {
                    pushAndPull(nodes.node(leader).client(), "stopped/leader", n);
                    pushed.incrementAndGet();
                  } catch (UnexpectedAnswerException _) {
                    // Its sessions were ended meanwhile.
                  }
                }
              });
      while (pushed.get() < 3) {
        Thread.sleep(10);
      }
      signal(nodes.node(leader).pid(), "STOP");
      try {
        for (int n = 0; n < 5; n++) {
          pushAndPull(client, "stopped/other", n);
        }
        while (!leads(other)) {
          Thread.sleep(50);
        }
        // A view that follows the log goes on: the other node leads.
        HttpResponse<byte[]> past = client.send("GET", "/api/v1/repositories");
        assertThat(past.statusCode()).isEqualTo(200);
        assertThat(new String(past.body(), StandardCharsets.UTF_8)).contains("stopped/other");
      } finally {
        signal(nodes.node(leader).pid(), "CONT");
      }
      int before = pushed.get();
      while (pushed.get() < before + 3) {
        Thread.sleep(10);
      }
      enough.set(true);
      pushing.get();
    } catch (Exception | AssertionError e) {
      throw new AssertionError(nodes.logs(), e);
    }
    assertThat(leads(leader)).isFalse();
    assertThat(leads(other)).isTrue();
    assertViewsAreEqual();
  }

  @Test
  void nobodyWaitsForLocksThatAForeignSessionHolds() throws Exception {
    RegistryClient client = nodes.node(0).client();
    Digest lonely =
        client.pushBlob("locked/lease", "nobody refers to it".getBytes(StandardCharsets.UTF_8));
    try (Connection foreign = foreignSession();
        Statement statement = foreign.createStatement()) {
      while (count(
              statement, "SELECT count(*) FROM lease WHERE digest = digest_bytes('" + lonely + "')")
          == 0) {
        Thread.sleep(50);
      }
      foreign.setAutoCommit(false);
      statement.execute("SELECT FROM lease FOR UPDATE");
      statement.execute("SELECT FROM log_checkpoint FOR UPDATE");
      for (int n = 0; n < 20; n++) {
        pushAndPull(nodes.node(n % 2).client(), "locked/other", n);
      }
      // To tell that it is there is a promise, which renews the locked lease.
      HttpResponse<byte[]> refused =
          client.send("HEAD", RegistryClient.blobPath("locked/lease", lonely));
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(refused.headers().firstValue("Retry-After")).isPresent();
      for (int number = 0; number < 2; number++) {
        assertThat(nodes.node(number).client().send("GET", "/readyz").statusCode()).isEqualTo(200);
      }
      assertThat(
              client.send("DELETE", RegistryClient.blobPath("locked/lease", lonely)).statusCode())
          .isEqualTo(202);
      foreign.rollback();
    }
    assertThat(client.send("HEAD", RegistryClient.blobPath("locked/lease", lonely)).statusCode())
        .isEqualTo(404);
    assertViewsAreEqual();
  }

  private static long count(Statement statement, String sql) throws SQLException {
    try (ResultSet rows = statement.executeQuery(sql)) {
      assertThat(rows.next()).isTrue();
      return rows.getLong(1);
    }
  }
}
