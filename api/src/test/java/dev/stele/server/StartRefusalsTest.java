package dev.stele.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.blob.DiskBlobStore;
import dev.stele.database.TestDatabase;
import dev.stele.server.config.Configuration;
import dev.stele.server.config.ConfigurationException;
import dev.stele.server.config.ConfigurationReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Row 30 of the parity list: what cannot be used is refused at the start, with the key to look at.
 * Drivers and places are refused when the configuration is read.
 */
class StartRefusalsTest {
  private static TestDatabase database;

  @TempDir private Path folder;

  @BeforeAll
  static void createDatabase() {
    database = TestDatabase.create();
  }

  @AfterAll
  static void dropDatabase() {
    database.close();
  }

  /** A configuration on the test's database, but for these variables. */
  private Configuration configuration(String... variablesAndValues) throws ConfigurationException {
    Map<String, String> environment = new HashMap<>();
    environment.put("STELE_DATA", folder.resolve("data").toString());
    environment.put("STELE_DATABASE_URL", database.url());
    environment.put("STELE_DATABASE_USER", database.user());
    environment.put("STELE_DATABASE_PASSWORD", database.password());
    for (int i = 0; i < variablesAndValues.length; i += 2) {
      environment.put(variablesAndValues[i], variablesAndValues[i + 1]);
    }
    return ConfigurationReader.read(Optional.empty(), environment);
  }

  private void refused(String[] variablesAndValues, String... messages) {
    assertThatExceptionOfType(StartupException.class)
        .as(Arrays.toString(variablesAndValues))
        .isThrownBy(() -> Node.open(configuration(variablesAndValues)).close())
        .satisfies(e -> assertThat(e.getMessage()).contains(messages));
  }

  private static String[] bucketAt(URI endpoint) {
    return new String[] {
      "STELE_STORES_DEFAULT_TYPE", "s3",
      "STELE_STORES_DEFAULT_ENDPOINT", endpoint.toString(),
      "STELE_STORES_DEFAULT_BUCKET", "images",
      "STELE_STORES_DEFAULT_ACCESS_KEY", "a",
      "STELE_STORES_DEFAULT_SECRET_KEY", "b"
    };
  }

  @Test
  void whatCanBeUsedIsNotRefused() throws Exception {
    try (Node node = Node.open(configuration())) {
      node.registry().health().checkReady();
    }
  }

  @Test
  void aFolderThatCannotBeWritten() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "no folder");
    refused(
        new String[] {
          "STELE_STORES_TEAM_TYPE",
          "disk",
          "STELE_STORES_TEAM_PATH",
          file.resolve("blobs").toString()
        },
        "stores.team.path: the blob folder " + file.resolve("blobs") + " cannot be used");
    // Not even root may write there.
    refused(
        new String[] {
          "STELE_STORES_DEFAULT_TYPE", "disk", "STELE_STORES_DEFAULT_PATH", "/proc/blobs"
        },
        "stores.default.path: the blob folder /proc/blobs cannot be used");
    refused(
        new String[] {"STELE_DATA", file.toString()},
        "data: the data folder " + file + " cannot be used: " + file + " is a file, not a folder");
  }

  @Test
  void aLookAtAFolderWithoutARegistryMakesNone() throws Exception {
    Path none = folder.resolve("mistyped");
    Configuration embedded =
        ConfigurationReader.read(Optional.empty(), Map.of("STELE_DATA", none.toString()));
    assertThatExceptionOfType(StartupException.class)
        .isThrownBy(() -> Inspection.open(embedded).close())
        .withMessageContaining("data: there is no registry in " + none);
    assertThat(none).doesNotExist();
  }

  @Test
  void aBucketThatNobodyServes() throws Exception {
    URI nobody;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      nobody = URI.create("http://127.0.0.1:" + socket.getLocalPort());
    }
    refused(
        bucketAt(nobody),
        "stores.default.bucket: the bucket images at " + nobody + " cannot be used",
        "Failed to connect");
  }

  @Test
  @Timeout(60)
  void aBucketWhoseServiceSaysNothing() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      URI endpoint = URI.create("http://127.0.0.1:" + silent.getLocalPort());
      refused(
          bucketAt(endpoint),
          "stores.default.bucket: the bucket images at " + endpoint + " cannot be used",
          "timeout");
    }
  }

  @Test
  void aDatabaseThatRefusesThePassword() {
    refused(
        new String[] {"STELE_DATABASE_USER", "nobody-of-this-name"},
        "database.user, database.password: cannot connect to ",
        "nobody-of-this-name",
        "; give the user and password");
  }

  @Test
  void aDatabaseThatIsMissing() {
    String absent = database.url().replaceFirst("/stele_[0-9a-f]+", "/stele_absent");
    refused(
        new String[] {"STELE_DATABASE_URL", absent},
        "database.url: cannot connect to " + absent,
        "does not exist",
        "; create the database");
  }

  @Test
  void aDatabaseThatIsNotThere() {
    refused(
        new String[] {"STELE_DATABASE_URL", "jdbc:postgresql://127.0.0.1:1/stele"},
        "database.url: cannot connect to jdbc:postgresql://127.0.0.1:1/stele",
        "; check that PostgreSQL runs there");
  }

  @Test
  @Timeout(60)
  void aDatabaseThatSaysNothing() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      refused(
          new String[] {
            "STELE_DATABASE_URL",
            "jdbc:postgresql://127.0.0.1:" + silent.getLocalPort() + "/stele",
            "STELE_DATABASE_CONNECT_TIMEOUT",
            "1s"
          },
          "database.url: cannot connect to ");
    }
  }

  @Test
  void aDatabaseWhoseUserMayNotMigrate() throws Exception {
    String user = "reader_" + System.nanoTime();
    try (var owner = database.connect();
        var statement = owner.createStatement()) {
      statement.execute("CREATE ROLE %s LOGIN PASSWORD 'reader'".formatted(user));
      statement.execute("GRANT stele_runtime TO " + user);
      try (TestDatabase other = TestDatabase.empty()) {
        refused(
            new String[] {
              "STELE_DATABASE_URL",
              other.url(),
              "STELE_DATABASE_USER",
              user,
              "STELE_DATABASE_PASSWORD",
              "reader"
            },
            "database.url: cannot migrate " + other.url(),
            "permission denied");
      } finally {
        statement.execute("DROP ROLE " + user);
      }
    }
  }

  @Test
  void whatWasOpenedBeforeTheRefusalIsClosed() throws Exception {
    refused(bucketAt(URI.create("http://127.0.0.1:1")), "stores.default.bucket");
    try (Node node = Node.open(configuration())) {
      node.registry().health().checkReady();
    }
    Path foreign = folder.resolve("foreign");
    Files.createDirectories(foreign);
    Files.writeString(foreign.resolve("something"), "else's");
    try (DiskBlobStore store = new DiskBlobStore(foreign)) {
      assertThat(store.mark(Optional.empty(), "not to be read")).isTrue();
    }
    String[] another = {
      "STELE_STORES_DEFAULT_TYPE", "disk", "STELE_STORES_DEFAULT_PATH", foreign.toString()
    };
    for (int again = 0; again < 2; again++) {
      assertThatExceptionOfType(StartupException.class)
          .isThrownBy(() -> Node.serve(configuration(another)))
          .withMessageContaining("has a marker that cannot be read");
    }
    assertThatThrownBy(() -> configuration("STELE_STORES_DEFAULT_TYPE", "tape"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("STELE_STORES_DEFAULT_TYPE must be disk or s3");
  }
}
