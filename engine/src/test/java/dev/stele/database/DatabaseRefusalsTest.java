package dev.stele.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a PostgreSQL of one's own is refused for, with what to do. */
class DatabaseRefusalsTest {
  private static final Pattern PLACE = Pattern.compile("//([^/:]+):?([0-9]*)/([^?]+)");

  @TempDir private Path folder;

  private static void execute(TestDatabase database, String... statements) throws SQLException {
    try (Connection owner = database.connect();
        Statement statement = owner.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private static Database open(String url, String user, String password) {
    return Database.open(new Database.Settings(url, user, password, 2), new SimpleMeterRegistry());
  }

  @Test
  void aUserWhoMayNotMakeTheRoleIsGivenTheLinesThatMakeIt() throws Exception {
    String user = "stele_" + UUID.randomUUID().toString().replace("-", "");
    try (TestDatabase migrated = TestDatabase.create();
        TestDatabase database = TestDatabase.create()) {
      migrated.open().close();
      execute(database, "CREATE ROLE " + user + " LOGIN PASSWORD 'secret'");
      try {
        assertThatExceptionOfType(DatabaseException.class)
            .isThrownBy(() -> open(database.url(), user, "secret"))
            .satisfies(
                e ->
                    assertThat(e.getMessage().lines().skip(1))
                        .as("the role is there, from other tests")
                        .containsExactly(
                            "GRANT stele_runtime TO " + user + ";", "and start again"));
      } finally {
        execute(database, "DROP ROLE " + user);
      }
    }
  }

  @Test
  void aNewerSchemaIsRefusedBeforeAnythingIsMigrated() throws Exception {
    try (TestDatabase database = TestDatabase.create()) {
      execute(
          database,
          """
          INSERT INTO flyway_schema_history
            (installed_rank, version, description, type, script, installed_by, execution_time, success)
          VALUES (9999, '9999', 'newer', 'SQL', 'V9999__newer.sql', 'x', 0, true)
          """);
      assertThatExceptionOfType(OtherSchemaException.class)
          .isThrownBy(() -> database.open().close())
          .withMessageContaining("is at schema 9999 and this program knows schema ")
          .withMessageContaining("use the program of the version that serves it");
    }
  }

  @Test
  void aPoolThatLendsTransactionsIsRefusedAndOneThatLendsSessionsIsNot() throws Exception {
    try (TestDatabase database = TestDatabase.create()) {
      assertThatExceptionOfType(DatabaseException.class)
          .isThrownBy(() -> through("transaction", database))
          .withMessageContaining("pool_mode = session");
      through("session", database);
    }
  }

  /** Opens and closes the database through a PgBouncer of that mode. */
  private void through(String mode, TestDatabase database)
      throws IOException, InterruptedException {
    Matcher place = PLACE.matcher(database.url());
    assertThat(place.find()).isTrue();
    int port = freePort();
    Path configuration = folder.resolve(mode + ".ini");
    Files.writeString(
        configuration,
        """
        [databases]
        pooled = host=%s port=%s dbname=%s user=%s password=%s
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = %d
        unix_socket_dir =
        auth_type = any
        pool_mode = %s
        ignore_startup_parameters = extra_float_digits
        """
            .formatted(
                place.group(1),
                place.group(2).isEmpty() ? "5432" : place.group(2),
                place.group(3),
                database.user(),
                database.password(),
                port,
                mode));
    // It refuses to run as root, and must read its file as somebody else.
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path log = folder.resolve(mode + ".log");
    Process bouncer =
        new ProcessBuilder("pgbouncer", "-u", "nobody", configuration.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      awaitListening(port, bouncer, log);
      open("jdbc:postgresql://127.0.0.1:" + port + "/pooled", "anybody", "").close();
    } finally {
      bouncer.destroy();
      bouncer.waitFor();
    }
  }

  private static void awaitListening(int port, Process bouncer, Path log)
      throws IOException, InterruptedException {
    for (int attempt = 0; ; attempt++) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        assertThat(socket.isConnected()).isTrue();
        return;
      } catch (IOException e) {
        assertThat(bouncer.isAlive() && attempt < 600).as(() -> read(log)).isTrue();
        Thread.sleep(50);
      }
    }
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
