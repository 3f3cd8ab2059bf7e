package dev.stele.sql;

import dev.stele.oci.Digest;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.SqlStatement;

/**
 * Many rows as one statement's parameters: an array for each column, which the statement unnests.
 *
 * @param <T> a row
 */
public final class Unnested<T> {
  private record Column(String name, Class<?> type, Object[] values) {}

  private final List<T> rows;
  private final List<Column> columns = new ArrayList<>();

  public Unnested(Collection<T> rows) {
    this.rows = List.copyOf(rows);
  }

  /** A column of what {@link Object#toString} makes of a value; null where there is none. */
  public Unnested<T> text(String name, Function<T, ?> value) {
    return column(
        name,
        String.class,
        row -> {
          Object found = value.apply(row);
          return found == null ? null : found.toString();
        });
  }

  public Unnested<T> number(String name, Function<T, Long> value) {
    return column(name, Long.class, value);
  }

  public Unnested<T> id(String name, Function<T, UUID> value) {
    return column(name, UUID.class, value);
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
    columns.add(new Column(name, byte[].class, rows.stream().map(value).toArray(byte[][]::new)));
    return this;
  }

  private Unnested<T> column(String name, Class<?> type, Function<T, ?> value) {
    columns.add(new Column(name, type, rows.stream().map(value).toArray()));
    return this;
  }

  /** Executes an update, if there is any row. */
  public void execute(Handle handle, String sql) {
    if (!rows.isEmpty()) {
      bind(handle.createUpdate(sql)).execute();
    }
  }

  /** Binds the columns, for a statement with other parameters beside them. */
  public <S extends SqlStatement<S>> S bind(S statement) {
    for (Column column : columns) {
      if (column.type() == byte[].class) {
        statement.bindBySqlType(column.name(), column.values(), Types.ARRAY);
      } else {
        statement.bindArray(column.name(), column.type(), column.values());
      }
    }
    return statement;
  }
}
