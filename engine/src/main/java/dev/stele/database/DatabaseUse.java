package dev.stele.database;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;

/** Which schema a database has, and which programs use it. */
final class DatabaseUse {
  /** A program names itself with its version and process to the database. */
  static final String OTHERS =
      """
      SELECT DISTINCT regexp_replace(application_name, ' #.*', '') FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE 'stele %%'
        AND application_name NOT LIKE '%%%s'
      ORDER BY 1
      """
          .formatted(ProgramVersion.PROCESS);

  private DatabaseUse() {}

  /**
   * Returns if a database has the schema that this program knows.
   *
   * @throws DatabaseException saying which it has, and who uses it
   */
  static void requireSchema(Database.Settings settings, Properties credentials, Flyway flyway) {
    if (present(settings, credentials, flyway, (schema, known) -> schema != known).isEmpty()) {
      throw new OtherSchemaException(
          settings.place() + " has no registry yet; stele serve makes one");
    }
  }

  /**
   * Returns if a database has no schema, or one that this program knows or can migrate. Flyway
   * would take a newer one without a word.
   *
   * @throws DatabaseException saying which it has, and who uses it
   */
  static void requireNoNewerSchema(
      Database.Settings settings, Properties credentials, Flyway flyway) {
    Optional<Integer> _ = present(settings, credentials, flyway, (schema, known) -> schema > known);
  }

  /** Which schemas do not do, beside the one that this program knows. */
  @FunctionalInterface
  private interface Refused {
    boolean test(int schema, int known);
  }

  private static Optional<Integer> present(
      Database.Settings settings, Properties credentials, Flyway flyway, Refused refused) {
    int known =
        Arrays.stream(flyway.info().all())
            .filter(migration -> migration.getState().isResolved())
            .map(MigrationInfo::getVersion)
            .filter(Objects::nonNull)
            .mapToInt(version -> version.getMajor().intValueExact())
            .max()
            .orElse(0);
    try (Connection connection = DriverManager.getConnection(settings.url(), credentials);
        Statement statement = connection.createStatement()) {
      Optional<Integer> present = schema(statement);
      if (present.filter(schema -> refused.test(schema, known)).isPresent()) {
        int schema = present.get();
        throw new OtherSchemaException(
            "the database %s is at schema %d and this program knows schema %d (stele %s)%s: %s"
                .formatted(
                    settings.place(),
                    schema,
                    known,
                    ProgramVersion.VERSION,
                    usedBy(others(statement)),
                    schema > known
                        ? "use the program of the version that serves it"
                        : "use the program of the version that serves it, or serve it with this"
                            + " one, which migrates it"));
      }
      return present;
    } catch (SQLException e) {
      throw new DatabaseException(
          "cannot look at the schema of " + settings.place() + ": " + e.getMessage(), e);
    }
  }

  private static String usedBy(List<String> programs) {
    return programs.isEmpty() ? "" : ", used now by " + String.join(", ", programs);
  }

  /** The newest migration that a database has; empty if it has none. */
  private static Optional<Integer> schema(Statement statement) throws SQLException {
    try (ResultSet there =
        statement.executeQuery("SELECT to_regclass('flyway_schema_history') IS NOT NULL")) {
      if (!there.next() || !there.getBoolean(1)) {
        return Optional.empty();
      }
    }
    try (ResultSet newest =
        statement.executeQuery(
            """
            SELECT max(split_part(version, '.', 1)::integer) FROM flyway_schema_history
            WHERE success AND version IS NOT NULL
            """)) {
      return newest.next()
          ? Optional.ofNullable(newest.getObject(1, Integer.class))
          : Optional.empty();
    }
  }

  /** The programs of this kind that other connections are from, each once. */
  private static List<String> others(Statement statement) throws SQLException {
    List<String> programs = new ArrayList<>();
    try (ResultSet rows = statement.executeQuery(OTHERS)) {
      while (rows.next()) {
        programs.add(rows.getString(1));
      }
    }
    return programs;
  }
}
