package dev.stele.projection;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.SqlStatement;

/**
 * Compares a live table with a replayed one of the same name, range by range of the primary key:
 * each range of both is read once, along the key, and made into a digest. Only where the digests
 * differ are rows compared. So no statement takes longer, and no memory is larger, than a range
 * wants, however large the tables.
 */
final class TableComparison {
  /** The most rows of either table in a range, unless asked otherwise. */
  static final int RANGE = 10_000;

  /** A column of the key, and its type as SQL has it. */
  private record Column(String name, String type) {}

  private record Part(long rows, String digest) {}

  /**
   * What a comparison of a range found.
   *
   * @param through its last key; empty if it was the last range
   */
  record Range(long rows, long missing, long unexpected, Optional<List<String>> through) {}

  private final Handle handle;
  private final String replayed;
  private final String table;
  private final int range;
  private final List<Column> key;
  private final String columns;

  TableComparison(Handle handle, String replayed, String table) {
    this(handle, replayed, table, RANGE);
  }

  /**
   * @param replayed the schema of the replayed table
   * @param range the most rows of either table in a range
   */
  TableComparison(Handle handle, String replayed, String table, int range) {
    this.handle = handle;
    this.replayed = replayed;
    this.table = table;
    this.range = range;
    this.key =
        handle
            .createQuery(
                """
                SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS type
                FROM pg_index i
                CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (number, place)
                JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
                WHERE i.indisprimary AND i.indrelid = format('public.%I', :table::text)::regclass
                ORDER BY k.place
                """)
            .bind("table", table)
            .map((row, _) -> new Column(row.getString("attname"), row.getString("type")))
            .list();
    if (key.isEmpty()) {
      throw new IllegalStateException("the table " + table + " of a view has no primary key");
    }
    this.columns = key.stream().map(Column::name).collect(Collectors.joining(", "));
  }

  /** How the two compare in the range after a key, or in the first one. */
  Range range(Optional<List<String>> after) {
    Optional<List<String>> through = end(after);
    Part part = part(replayed, after, through);
    return part.equals(part("public", after, through))
        ? new Range(part.rows(), 0, 0, through)
        : new Range(
            part.rows(),
            difference(replayed, "public", after, through),
            difference("public", replayed, after, through),
            through);
  }

  /** The last key of the range that follows one; empty for the last range. */
  private Optional<List<String>> end(Optional<List<String>> after) {
    String one =
        "(SELECT %s FROM %s.%s WHERE %s ORDER BY %s OFFSET %d LIMIT 1)"
            .formatted(
                columns, "%s", table, condition(after, Optional.empty()), columns, range - 1);
    String keys =
        key.stream().map(column -> column.name() + "::text").collect(Collectors.joining(", "));
    return bound(
            handle.createQuery(
                "SELECT ARRAY[%s] FROM (%s UNION ALL %s) AS ends ORDER BY %s LIMIT 1"
                    .formatted(keys, one.formatted(replayed), one.formatted("public"), columns)),
            after,
            Optional.empty())
        .map((row, _) -> List.of((String[]) row.getArray(1).getArray()))
        .findOne();
  }

  private Part part(String schema, Optional<List<String>> after, Optional<List<String>> through) {
    return bound(
            handle.createQuery(
                """
                SELECT count(*),
                       encode(sha256(coalesce(
                         string_agg(sha256(convert_to(t::text, 'UTF8')), ''::bytea ORDER BY %s), '')), 'hex')
                FROM (SELECT * FROM %s.%s WHERE %s) AS t
                """
                    .formatted(columns, schema, table, condition(after, through))),
            after,
            through)
        .map((row, _) -> new Part(row.getLong(1), row.getString(2)))
        .one();
  }

  private long difference(
      String of, String without, Optional<List<String>> after, Optional<List<String>> through) {
    String rows = "SELECT * FROM %s." + table + " WHERE " + condition(after, through);
    return bound(
            handle.createQuery(
                "SELECT count(*) FROM (%s EXCEPT %s) AS q"
                    .formatted(rows.formatted(of), rows.formatted(without))),
            after,
            through)
        .mapTo(Long.class)
        .one();
  }

  private String condition(Optional<List<String>> after, Optional<List<String>> through) {
    List<String> conditions = new ArrayList<>(List.of("true"));
    if (after.isPresent()) {
      conditions.add("(%s) > (%s)".formatted(columns, parameters("after")));
    }
    if (through.isPresent()) {
      conditions.add("(%s) <= (%s)".formatted(columns, parameters("through")));
    }
    return String.join(" AND ", conditions);
  }

  private String parameters(String name) {
    return IntStream.range(0, key.size())
        .mapToObj(n -> "CAST(:" + name + n + " AS " + key.get(n).type() + ")")
        .collect(Collectors.joining(", "));
  }

  private static <S extends SqlStatement<S>> S bound(
      S statement, Optional<List<String>> after, Optional<List<String>> through) {
    bind(statement, "after", after);
    bind(statement, "through", through);
    return statement;
  }

  private static <S extends SqlStatement<S>> void bind(
      S statement, String name, Optional<List<String>> values) {
    values.ifPresent(
        all -> IntStream.range(0, all.size()).forEach(n -> statement.bind(name + n, all.get(n))));
  }
}
