package dev.stele.sql;

import dev.stele.oci.Digest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/**
 * Many rows as one statement's parameters: an array for each column, which the statement unnests.
 *
 * @param <T> a row
 */
public final class Unnested<T> {
  private final List<T> rows;
  private final Map<String, Object> values = new HashMap<>();

  public Unnested(Collection<T> rows) {
    this.rows = List.copyOf(rows);
  }

  /** A column of what {@link Object#toString} makes of a value; null where there is none. */
  public Unnested<T> text(String name, Function<T, ?> value) {
    return column(
        name,
        "text",
        row -> {
          Object found = value.apply(row);
          return found == null ? null : found.toString();
        });
  }

  public Unnested<T> number(String name, Function<T, Long> value) {
    return column(name, "int8", value);
  }

  public Unnested<T> id(String name, Function<T, UUID> value) {
    return column(name, "uuid", value);
  }

  /** A column of moments; the statement must cast it to {@code timestamptz[]}. */
  public Unnested<T> time(String name, Function<T, Instant> value) {
    return text(name, value);
  }

  /** A column of digests; null where there is none. */
  public Unnested<T> digests(String name, Function<T, Digest> value) {
    return bytes(
        name,
        row -> {
          Digest found = value.apply(row);
          return found == null ? null : found.toBytes();
        });
  }

  public Unnested<T> bytes(String name, Function<T, byte[]> value) {
    return value(name, rows.stream().map(value).toArray(byte[][]::new));
  }

  private Unnested<T> column(String name, String type, Function<T, ?> value) {
    return value(name, new Pipeline.TypedArray(type, rows.stream().map(value).toArray()));
  }

  /** A value that is no column: a number or a moment. */
  public Unnested<T> value(String name, Object value) {
    values.put(name, value);
    return this;
  }

  /** Executes an update, if there is any row. */
  public void execute(Handle handle, String sql) {
    Pipeline pipeline = new Pipeline(handle);
    execute(pipeline, sql);
    pipeline.flush();
  }

  /** Adds an update to what is executed, if there is any row. */
  public void execute(Pipeline pipeline, String sql) {
    if (!rows.isEmpty()) {
      pipeline.update(sql, values);
    }
  }

  /** Executes a query, if there is any row, and maps what it returns. */
  public <R> List<R> query(Handle handle, String sql, RowReader<R> reader) {
    List<R> found = new ArrayList<>();
    Pipeline pipeline = new Pipeline(handle);
    query(pipeline, sql, reader, found::add);
    pipeline.flush();
    return found;
  }

  /** Adds a query to what is executed, if there is any row; what it returns is given then. */
  public <R> void query(Pipeline pipeline, String sql, RowReader<R> reader, Consumer<R> consumer) {
    if (!rows.isEmpty()) {
      pipeline.query(
          sql,
          values,
          found -> {
            while (found.next()) {
              consumer.accept(reader.read(found));
            }
          });
    }
  }

  /** Makes something of the row at which a result is. */
  @FunctionalInterface
  public interface RowReader<R> {
    R read(ResultSet row) throws SQLException;
  }
}
