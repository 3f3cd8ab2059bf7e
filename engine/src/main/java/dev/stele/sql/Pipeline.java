package dev.stele.sql;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;

/**
 * Statements of a transaction that go to the database together, in the order in which they were
 * added: one round trip, however many there are. Whoever needs an answer first asks for the {@link
 * #handle}, before which whatever was added is done. Nothing is sent that nobody asks to be sent.
 * Used by one thread.
 */
public final class Pipeline {
  private static final Pattern NAMED = Pattern.compile("(?<!:):(?!:)(\\w+)");

  /** What is sent of each statement: there are as many as the program has. */
  private static final Map<String, Parsed> PARSED = new ConcurrentHashMap<>();

  private record Parsed(String sql, List<String> names) {
    static Parsed of(String sql) {
      Matcher matcher = NAMED.matcher(sql);
      List<String> names = matcher.results().map(found -> found.group(1)).toList();
      return new Parsed(matcher.replaceAll("?"), names);
    }
  }

  /** What is done with the rows of a query, which may add statements. */
  @FunctionalInterface
  public interface Rows {
    void read(ResultSet rows) throws SQLException;
  }

  private record Statement(String sql, List<?> values, Optional<Rows> rows) {}

  /** An array whose elements have a type of the database's. */
  record TypedArray(String type, Object[] elements) {}

  private final Handle handle;
  private List<Statement> pending = new ArrayList<>();

  /** Statements of the handle's transaction. */
  public Pipeline(Handle handle) {
    this.handle = handle;
  }

  /** The transaction's handle, when everything that was added is done. */
  public Handle handle() {
    flush();
    return handle;
  }

  /** Adds an update with its values by name. */
  void update(String sql, Map<String, Object> values) {
    add(sql, values, Optional.empty());
  }

  /** Adds a query with its values by name; the rows are read when it is done. */
  void query(String sql, Map<String, Object> values, Rows rows) {
    add(sql, values, Optional.of(rows));
  }

  /**
   * Adds a query whose values are arrays, in the order of its question marks; the rows are read
   * when it is done.
   */
  public void query(String sql, List<Object[]> arrays, Rows rows) {
    pending.add(new Statement(sql, arrays, Optional.of(rows)));
  }

  private void add(String sql, Map<String, Object> values, Optional<Rows> rows) {
    Parsed parsed = PARSED.computeIfAbsent(sql, Parsed::of);
    for (String name : parsed.names()) {
      if (!values.containsKey(name)) {
        throw new IllegalArgumentException("a statement has no value for " + name + ": " + sql);
      }
    }
    pending.add(
        new Statement(parsed.sql(), parsed.names().stream().map(values::get).toList(), rows));
  }

  /** That the database failed. */
  private static final class PipelineException extends JdbiException {
    private static final long serialVersionUID = 1L;

    private PipelineException(SQLException cause) {
      super("a transaction's statements failed", cause);
    }
  }

  /**
   * Does what was added, and what reading its rows adds.
   *
   * @throws JdbiException if the database fails; none of it can be relied on then
   */
  public void flush() {
    while (!pending.isEmpty()) {
      List<Statement> statements = pending;
      pending = new ArrayList<>();
      try {
        send(statements);
      } catch (SQLException e) {
        throw new PipelineException(e);
      }
    }
  }

  private void send(List<Statement> statements) throws SQLException {
    Connection connection = handle.getConnection();
    String sql = statements.stream().map(Statement::sql).collect(Collectors.joining(";\n"));
    try (PreparedStatement sent = connection.prepareStatement(sql)) {
      int parameter = 1;
      for (Statement statement : statements) {
        for (Object value : statement.values()) {
          bind(sent, parameter++, value);
        }
      }
      Deadline.heed(sent);
      boolean isRows = sent.execute();
      for (Statement statement : statements) {
        if (statement.rows().isPresent() != isRows) {
          throw new SQLException("a statement did not answer as it should: " + statement.sql());
        }
        if (isRows) {
          try (ResultSet rows = sent.getResultSet()) {
            statement.rows().get().read(rows);
          }
        }
        isRows = sent.getMoreResults();
      }
    }
  }

  private static void bind(PreparedStatement statement, int parameter, Object value)
      throws SQLException {
    switch (value) {
      case TypedArray(String type, Object[] elements) ->
          statement.setArray(parameter, statement.getConnection().createArrayOf(type, elements));
      case Object[] array -> statement.setObject(parameter, array, Types.ARRAY);
      case Instant instant ->
          statement.setObject(parameter, OffsetDateTime.ofInstant(instant, ZoneOffset.UTC));
      case null -> throw new SQLException("a value of a statement is null");
      default -> statement.setObject(parameter, value);
    }
  }
}
