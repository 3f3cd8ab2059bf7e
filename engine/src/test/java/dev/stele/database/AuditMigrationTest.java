package dev.stele.database;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.event.Facet;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the record says of refusals and of servers, in databases that had some before. */
class AuditMigrationTest {
  private static void migrate(TestDatabase database, String version) {
    Flyway.configure()
        .dataSource(database.url(), database.user(), database.password())
        .locations("classpath:dev/stele/migrations")
        .target(version)
        .load()
        .migrate();
  }

  @ParameterizedTest
  @CsvSource({"AccessDenied,0", "TagMoved,1"})
  void theIndexIsBuiltAnewWhereItHasRefusals(String type, int left) throws SQLException {
    try (TestDatabase empty = TestDatabase.empty();
        Connection owner = empty.connect();
        Statement statement = owner.createStatement()) {
      migrate(empty, "39");
      statement.execute(
          """
          INSERT INTO event_index VALUES ('%s', 0, '');
          INSERT INTO event_index_repository VALUES ('app');
          INSERT INTO log_checkpoint VALUES ('event-index', 64), ('history', 64);
          """
              .formatted(new Facet(Facet.Kind.TYPE, type).key()));

      migrate(empty, "42");

      for (String table : new String[] {"event_index", "event_index_repository"}) {
        assertThat(count(statement, table)).isEqualTo(left);
      }
      assertThat(count(statement, "log_checkpoint")).isEqualTo(1 + left);
    }
  }

  @Test
  void whatServersSaidLastIsReadFromTheLog() throws SQLException {
    try (TestDatabase empty = TestDatabase.empty();
        Connection owner = empty.connect();
        Statement statement = owner.createStatement()) {
      migrate(empty, "42");
      String one = "sha256:" + "1".repeat(64);
      String other = "sha256:" + "2".repeat(64);
      statement.execute("SELECT ensure_event_partitions(0, 1)");
      tell(statement, 0, "ServerStarted", "a", one);
      tell(statement, 1, "ServerStarted", "b", one);
      tell(statement, 2, "ConfigurationChanged", "a", other);
      tell(statement, 3, "ServerStopped", "b", one);

      migrate(empty, "43");

      try (ResultSet rows =
          statement.executeQuery(
              """
              SELECT string_agg(concat_ws(' ', node, digest_text(configuration), position, running), ',' ORDER BY node)
              FROM server
              """)) {
        rows.next();
        assertThat(rows.getString(1)).isEqualTo("a " + other + " 2 t,b " + one + " 1 f");
      }
    }
  }

  private static void tell(
      Statement statement, long position, String type, String node, String configuration)
      throws SQLException {
    statement.execute(
        """
        INSERT INTO event (position, recorded_at, type, actor_id, command_id, leaf)
        VALUES (%1$d, now(), '%2$s', gen_random_uuid(), gen_random_uuid(),
          convert_to('{"data":{"configuration":"%4$s","node":"%3$s"},"position":"%1$d","type":"%2$s"}', 'UTF8'))
        """
            .formatted(position, type, node, configuration));
  }

  private static int count(Statement statement, String table) throws SQLException {
    try (ResultSet rows = statement.executeQuery("SELECT count(*) FROM " + table)) {
      rows.next();
      return rows.getInt(1);
    }
  }
}
