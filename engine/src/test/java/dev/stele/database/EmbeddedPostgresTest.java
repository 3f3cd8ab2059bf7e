package dev.stele.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real server, started, killed and found again. */
class EmbeddedPostgresTest {
  @TempDir Path folder;

  private EmbeddedPostgres start() {
    return EmbeddedPostgres.start(folder);
  }

  private static String query(EmbeddedPostgres postgres, String sql) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
        Statement statement = connection.createStatement()) {
      if (!statement.execute(sql)) {
        return "";
      }
      try (ResultSet rows = statement.getResultSet()) {
        rows.next();
        return rows.getString(1);
      }
    }
  }

  private static void kill9(EmbeddedPostgres postgres) throws Exception {
    ProcessHandle server = ProcessHandle.of(postgres.pid()).orElseThrow();
    server.destroyForcibly();
    server.onExit().get(10, TimeUnit.SECONDS);
  }

  @Test
  void commitsAreDurableAndThePasswordIsDemanded() throws Exception {
    try (EmbeddedPostgres postgres = start()) {
      assertThat(query(postgres, "SHOW fsync")).isEqualTo("on");
      assertThat(query(postgres, "SHOW full_page_writes")).isEqualTo("on");
      assertThat(query(postgres, "SHOW synchronous_commit")).isEqualTo("on");
      assertThat(query(postgres, "SHOW data_checksums")).isEqualTo("on");
      assertThatThrownBy(
              () -> DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), "wrong"))
          .hasMessageContaining("password authentication failed");
      assertThat(Files.getPosixFilePermissions(folder.resolve("password")))
          .hasToString("[OWNER_READ, OWNER_WRITE]");
    }
  }

  @Test
  void theDataIsThereAfterARestartAndAfterKillingEither() throws Exception {
    try (EmbeddedPostgres first = start()) {
      query(first, "CREATE TABLE kept AS SELECT 17 AS number");
      // As if our process had been killed: the server runs on, and a new one takes its place.
      EmbeddedPostgres second = start();
      assertThat(query(second, "SELECT number FROM kept")).isEqualTo("17");
      assertThatThrownBy(() -> query(first, "SELECT 1")).isInstanceOf(SQLException.class);
      kill9(second);
      assertThat(second.ensureRunning()).isTrue();
      assertThat(query(second, "SELECT number FROM kept")).isEqualTo("17");
      assertThat(second.ensureRunning()).isFalse();
      kill9(second);
      try (EmbeddedPostgres third = start()) {
        assertThat(query(third, "SELECT number FROM kept")).isEqualTo("17");
      }
    }
  }

  @Test
  void whatAnInterruptedStartLeftIsNoObstacle() throws Exception {
    Files.createDirectories(folder.resolve("unpacking-x/bin"));
    Files.createDirectories(folder.resolve("initialising-x/base"));
    Files.writeString(folder.resolve("password"), "half");
    start().close();
    assertThat(folder.resolve("initialising-x")).doesNotExist();
  }

  @Test
  void aPidFileThatOutlivedItsServerIsNoObstacleAndHarmsNobody(@TempDir Path elsewhere)
      throws Exception {
    EmbeddedPostgres first = start();
    Path pidFile = folder.resolve("data/postmaster.pid");
    List<String> lines = new ArrayList<>(Files.readAllLines(pidFile));
    first.close();

    // Not this process or its parents: PostgreSQL ignores those in a pid file anyway.
    Process unrelated = new ProcessBuilder("sleep", "600").start();
    try (EmbeddedPostgres stranger =
        EmbeddedPostgres.start(elsewhere, TestDatabase.programsFolder(), List.of("fsync=off"))) {
      for (long pid : new long[] {unrelated.pid(), stranger.pid()}) {
        lines.set(0, Long.toString(pid));
        Files.write(pidFile, lines);
        try (EmbeddedPostgres postgres = start()) {
          assertThat(query(postgres, "SELECT 1")).isEqualTo("1");
        }
      }
      assertThat(unrelated.isAlive()).isTrue();
      assertThat(query(stranger, "SELECT 1")).isEqualTo("1");
    } finally {
      unrelated.destroy();
    }

    Files.writeString(pidFile, "");
    try (EmbeddedPostgres postgres = start()) {
      assertThat(query(postgres, "SELECT 1")).isEqualTo("1");
    }
  }

  @Test
  void dataOfAnotherMajorVersionIsRefusedWithAWayOut() throws Exception {
    start().close();
    Files.writeString(folder.resolve("data/PG_VERSION"), "9\n");
    assertThatThrownBy(this::start)
        .isInstanceOf(DatabaseException.class)
        .hasMessageContaining("PostgreSQL 9")
        .hasMessageContaining("database.url");
  }
}
