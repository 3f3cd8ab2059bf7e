package dev.stele.database;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.event.Facet;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Before version 42 of the schema, refusals were not found by what was asked for. */
class DenialMigrationTest {
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

  private static int count(Statement statement, String table) throws SQLException {
    try (ResultSet rows = statement.executeQuery("SELECT count(*) FROM " + table)) {
      rows.next();
      return rows.getInt(1);
    }
  }
}
