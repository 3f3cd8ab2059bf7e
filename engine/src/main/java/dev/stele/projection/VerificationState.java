package dev.stele.projection;

import dev.stele.log.LogCheckpoint;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * The second tables of a verification and how far it is, in a schema of their own. INVARIANT: all
 * tables are unlogged and change together, so either all are there or, after a crash of the
 * database, none has a row.
 */
final class VerificationState {
  /**
   * A table that is being compared.
   *
   * @param after the last key of the ranges that are done
   */
  record Table(int number, Verification.Result result, Optional<List<String>> after) {}

  private final String schema;
  private final UUID run;

  private VerificationState(String schema, UUID run) {
    this.schema = schema;
    this.run = run;
  }

  /** Takes over what was cut off, or is still being done by somebody else; or begins anew. */
  static VerificationState begin(
      Jdbi jdbi, String schema, List<Projection> projections, boolean anew) {
    VerificationState state = new VerificationState(schema, UUID.randomUUID());
    jdbi.useTransaction(
        handle -> {
          // What another verification does in one transaction is not much, but may be slow.
          handle.execute("SET LOCAL lock_timeout = '60s'");
          String subject = subject(handle, projections);
          if (anew || !state.takeOver(handle, subject)) {
            state.drop(handle);
            state.create(handle, subject, projections);
          }
        });
    return state;
  }

  /** What is being verified: which log, and which form the tables and their keys have. */
  private static String subject(Handle handle, List<Projection> projections) {
    return handle
        .createQuery(
            """
            SELECT coalesce((SELECT encode(sha256(leaf), 'hex') FROM event WHERE position = 0), 'empty')
                   || ' ' ||
                   (SELECT md5(string_agg(
                             concat_ws(' ', attrelid::regclass, attnum, attname, atttypid::regtype, attnotnull), ','
                             ORDER BY attrelid::regclass::text, attnum))
                    FROM pg_attribute
                    WHERE attnum > 0 AND attrelid = ANY (:tables::text[]::regclass[]))
                   || ' ' ||
                   (SELECT md5(string_agg(indrelid::regclass || ' ' || indkey::text, ',' ORDER BY indrelid::regclass::text))
                    FROM pg_index
                    WHERE indisprimary AND indrelid = ANY (:tables::text[]::regclass[]))
            """)
        .bindArray(
            "tables",
            String.class,
            projections.stream()
                .flatMap(projection -> projection.tables().stream())
                .map(table -> "public." + table)
                .toList())
        .mapTo(String.class)
        .one();
  }

  private boolean takeOver(Handle handle, String subject) {
    boolean there =
        handle
            .createQuery("SELECT to_regclass(:table) IS NOT NULL")
            .bind("table", schema + ".verification_run")
            .mapTo(Boolean.class)
            .one();
    return there
        && handle
                .createUpdate(
                    "UPDATE %s.verification_run SET run = :run WHERE subject = :subject"
                        .formatted(schema))
                .bind("run", run)
                .bind("subject", subject)
                .execute()
            > 0;
  }

  private void create(Handle handle, String subject, List<Projection> projections) {
    handle.execute(
        """
        CREATE UNLOGGED TABLE %1$s.verification_run (run uuid NOT NULL, subject text NOT NULL);
        CREATE UNLOGGED TABLE %1$s.verification_view (
          projection text PRIMARY KEY COLLATE "C", next_position bigint NOT NULL, part text);
        CREATE UNLOGGED TABLE %1$s.verification_table (
          number integer PRIMARY KEY, projection text NOT NULL, name text NOT NULL,
          rows bigint NOT NULL, missing bigint NOT NULL, unexpected bigint NOT NULL, after text[], done boolean NOT NULL);
        """
            .formatted(schema));
    handle.execute(
        "INSERT INTO %s.verification_run (run, subject) VALUES (?, ?)".formatted(schema),
        run,
        subject);
    int number = 0;
    addTable(handle, ++number, "log", LogComparison.TABLE);
    for (Projection projection : projections) {
      handle.execute(
          "INSERT INTO %s.verification_view VALUES (?, 0, NULL)".formatted(schema),
          projection.name());
      for (String table : projection.tables()) {
        handle.execute(
            "CREATE UNLOGGED TABLE %1$s.%2$s (LIKE public.%2$s INCLUDING ALL)"
                .formatted(schema, table));
        addTable(handle, ++number, projection.name(), table);
      }
    }
  }

  private void addTable(Handle handle, int number, String projection, String table) {
    handle.execute(
        "INSERT INTO %s.verification_table VALUES (?, ?, ?, 0, 0, 0, NULL, false)"
            .formatted(schema),
        number,
        projection,
        table);
  }

  /** Drops all of it. */
  void drop(Handle handle) {
    String tables =
        handle
            .createQuery(
                "SELECT string_agg(oid::regclass::text, ', ') FROM pg_class WHERE relkind = 'r' AND"
                    + " relnamespace = CAST(:schema AS regnamespace)")
            .bind("schema", schema)
            .mapTo(String.class)
            .findOne()
            .orElse("");
    if (!tables.isEmpty()) {
      handle.execute("DROP TABLE " + tables);
    }
  }

  /**
   * To be called first in every transaction.
   *
   * @throws VerificationEndedException if another goes on in this one's place
   */
  void lock(Handle handle) {
    Optional<UUID> current =
        handle
            .createQuery("SELECT to_regclass(:table) IS NOT NULL")
            .bind("table", schema + ".verification_run")
            .mapTo(Boolean.class)
            .filter(there -> there)
            .findOne()
            .flatMap(
                _ ->
                    handle
                        .createQuery(
                            "SELECT run FROM %s.verification_run FOR UPDATE".formatted(schema))
                        .mapTo(UUID.class)
                        .findOne());
    if (!current.equals(Optional.of(run))) {
      throw new VerificationEndedException(
          "another verification goes on in place of this one, or PostgreSQL has crashed meanwhile;"
              + " ask again");
    }
  }

  /** From here on to the end of the transaction SQL finds these tables instead of the live ones. */
  void lookIntoSecondTables(Handle handle) {
    handle.execute("SET LOCAL search_path = %s, public".formatted(schema));
  }

  /** How far each view is replayed, by its name. */
  Map<String, LogCheckpoint> all(Handle handle) {
    return handle
        .createQuery(
            "SELECT projection, next_position, part FROM %s.verification_view".formatted(schema))
        .map(
            (row, _) ->
                new LogCheckpoint(
                    row.getString(1), row.getLong(2), Optional.ofNullable(row.getString(3))))
        .stream()
        .collect(Collectors.toMap(LogCheckpoint::follower, at -> at));
  }

  void save(Handle handle, LogCheckpoint at) {
    handle
        .createUpdate(
            "UPDATE %s.verification_view SET next_position = :next, part = :part WHERE projection = :projection"
                .formatted(schema))
        .bind("next", at.nextPosition())
        .bind("part", at.part())
        .bind("projection", at.follower())
        .execute();
  }

  /** The table to be compared next, if any is left. */
  Optional<Table> next(Handle handle) {
    return handle
        .createQuery(
            "SELECT * FROM %s.verification_table WHERE NOT done ORDER BY number LIMIT 1"
                .formatted(schema))
        .map(
            (row, _) ->
                new Table(
                    row.getInt("number"),
                    result(row),
                    Optional.ofNullable(row.getArray("after")).map(VerificationState::key)))
        .findOne();
  }

  private static List<String> key(java.sql.Array array) {
    try {
      return List.of((String[]) array.getArray());
    } catch (SQLException e) {
      throw new IllegalStateException("a key cannot be read", e);
    }
  }

  private static Verification.Result result(ResultSet row) throws SQLException {
    return new Verification.Result(
        row.getString("projection"),
        row.getString("name"),
        row.getLong("rows"),
        row.getLong("missing"),
        row.getLong("unexpected"));
  }

  /**
   * Saves what is known of a table.
   *
   * @param through the last key of the range that was compared; empty if that was the last range
   */
  void compared(
      Handle handle, int number, Verification.Result result, Optional<List<String>> through) {
    handle
        .createUpdate(
            """
            UPDATE %s.verification_table
            SET rows = :rows, missing = :missing, unexpected = :unexpected, after = :after::text[], done = :done
            WHERE number = :number
            """
                .formatted(schema))
        .bind("number", number)
        .bind("rows", result.rows())
        .bind("missing", result.missing())
        .bind("unexpected", result.unexpected())
        .bindArray("after", String.class, through.orElse(List.of()))
        .bind("done", through.isEmpty())
        .execute();
  }

  /** What is known of all tables. */
  List<Verification.Result> results(Handle handle) {
    return handle
        .createQuery("SELECT * FROM %s.verification_table ORDER BY number".formatted(schema))
        .map((row, _) -> result(row))
        .list();
  }
}
