package dev.stele.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the schema itself guards, on whichever server the tests use. */
class TestDatabaseTest {
  /** Positions in a partition, as in the migration. */
  private static final long PARTITION = 10_000_000;

  private static TestDatabase server;
  private static Database database;

  /** All tests share the database: what they try is refused, or lies at positions of their own. */
  @BeforeAll
  static void appendAsTheRuntimeRole() throws SQLException {
    server = TestDatabase.empty();
    database = server.open();
    try (Connection runtime = database.openDedicated()) {
      assertThat(query(runtime, "SELECT current_user")).isEqualTo(Database.RUNTIME_ROLE);
      append(runtime, 0);
      keep(runtime);
    }
  }

  @AfterAll
  static void drop() {
    database.close();
    server.close();
  }

  private static void assertNothingChanged(Connection connection) throws SQLException {
    assertThat(query(connection, "SELECT type FROM event WHERE position = 0"))
        .isEqualTo("ActorForgotten");
    assertThat(query(connection, "SELECT length(bytes) FROM manifest_document")).isEqualTo("1");
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String query(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      assertThat(rows.next()).isTrue();
      return rows.getString(1);
    }
  }

  private static void append(Connection connection, long position) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            INSERT INTO event (position, recorded_at, type, actor_id, command_id, leaf)
            VALUES (?, now(), 'ActorForgotten', ?, ?, ?)
            """)) {
      statement.setLong(1, position);
      statement.setObject(2, UUID.randomUUID());
      statement.setObject(3, UUID.randomUUID());
      statement.setBytes(4, "{}".getBytes(StandardCharsets.UTF_8));
      statement.executeUpdate();
    }
  }

  private static void keep(Connection connection) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            INSERT INTO manifest_document (digest, media_type, bytes)
            VALUES (digest_bytes('sha256:00'), 'application/vnd.oci.image.manifest.v1+json', ?)
            """)) {
      statement.setBytes(1, new byte[] {1});
      statement.executeUpdate();
    }
  }

  /** A run that was set up for one kind of server must not quietly test another. */
  @Test
  void theServerIsOfTheKindThatTheRunExpects() {
    String expected = System.getenv("STELE_TEST_EXPECT");
    assumeThat(expected).as("STELE_TEST_EXPECT").isNotNull();
    assertThat(TestDatabase.kind()).isEqualTo(expected);
  }

  @Test
  void theServerIsPostgres15OrNewer() throws SQLException {
    try (Connection owner = server.connect()) {
      assertThat(Integer.parseInt(query(owner, "SHOW server_version_num")))
          .isGreaterThanOrEqualTo(150_000);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE event SET type = 'TagMoved'",
        "DELETE FROM event",
        "TRUNCATE event",
        "UPDATE event_p000000 SET type = 'TagMoved'",
        "DELETE FROM event_p000000",
        "TRUNCATE event_p000000",
        "DROP TABLE event_p000000",
        "ALTER TABLE event DISABLE TRIGGER event_append_only",
        "UPDATE manifest_document SET bytes = ''",
        "DELETE FROM manifest_document",
        "TRUNCATE manifest_document"
      })
  void theRuntimeRoleCannotChangeTheLogThatItAppendedTo(String change) throws SQLException {
    try (Connection runtime = database.openDedicated()) {
      assertThatThrownBy(() -> execute(runtime, change))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("42501"))
          .hasMessageMatching("(?s)ERROR: (permission denied for|must be owner of) table .*");
      assertNothingChanged(runtime);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE event SET type = 'TagMoved'",
        "DELETE FROM event",
        "TRUNCATE event",
        "UPDATE event_p000000 SET type = 'TagMoved'",
        "DELETE FROM event_p000000",
        "TRUNCATE event_p000000",
        "UPDATE manifest_document SET bytes = ''",
        "DELETE FROM manifest_document",
        "TRUNCATE manifest_document"
      })
  void aTriggerRefusesWhatTheOwnerCouldDoByMistake(String change) throws SQLException {
    try (Connection owner = server.connect()) {
      assertThatThrownBy(() -> execute(owner, change))
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("the log is append-only");
      assertNothingChanged(owner);
    }
  }

  @Test
  void theRuntimeRoleMakesPartitionsAheadAndAppendsIntoThem() throws SQLException {
    try (Connection runtime = database.openDedicated();
        Connection owner = server.connect()) {
      append(runtime, PARTITION - 1);
      assertThatThrownBy(() -> append(runtime, PARTITION)).hasMessageContaining("no partition");

      String ensure = "SELECT ensure_event_partitions(0, " + PARTITION + ")";
      assertThat(query(runtime, ensure)).isEqualTo("1");
      assertThat(query(runtime, ensure)).isEqualTo("0");

      append(runtime, PARTITION);
      assertThat(
              query(
                  runtime,
                  """
                  SELECT string_agg(position || ' in ' || tableoid::regclass, ', ' ORDER BY position)
                  FROM event WHERE position > 0
                  """))
          .isEqualTo("9999999 in event_p000000, 10000000 in event_p000001");
      for (String change :
          new String[] {"UPDATE event_p000001 SET type = 'TagMoved'", "TRUNCATE event_p000001"}) {
        assertThatThrownBy(() -> execute(owner, change))
            .hasMessageContaining("the log is append-only");
        assertThatThrownBy(() -> execute(runtime, change))
            .hasMessageContaining("permission denied");
      }
    }
  }
}
