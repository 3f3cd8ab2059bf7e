package dev.stele.log;

import dev.stele.event.Event;
import dev.stele.sql.Values;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/** The facts of one transaction of the lane, each kind with what is known of it. */
final class LaneFacts implements Command.Needs {
  private final Map<Fact<?, ?>, Kind<?, ?>> kinds = new LinkedHashMap<>();

  private static final class Kind<K, V> implements Fact.Known<K, V> {
    private final Fact<K, V> fact;
    private final Map<K, V> values = new HashMap<>();
    private final Set<K> wanted = new LinkedHashSet<>();

    private Kind(Fact<K, V> fact) {
      this.fact = fact;
    }

    private void want(K key) {
      if (!values.containsKey(key)) {
        wanted.add(key);
      }
    }

    /** Binds what is wanted, from a parameter on; returns the next one. */
    private int bind(PreparedStatement statement, int parameter) throws SQLException {
      int next = parameter;
      for (Function<K, ?> column : fact.key().columns()) {
        statement.setObject(
            next++, Values.array(wanted.stream().map(column).toList()), Types.ARRAY);
      }
      return next;
    }

    private void read(ResultSet rows) throws SQLException {
      wanted.forEach(key -> values.put(key, fact.none()));
      wanted.clear();
      while (rows.next()) {
        K key = fact.key().reader().read(rows);
        values.put(key, fact.reading().read(values.get(key), rows));
      }
    }

    private void follow(Event event) {
      fact.following().follow(event, this);
    }

    @Override
    public void put(K key, V value) {
      values.put(key, value);
    }

    @Override
    public void forget(K key) {
      values.remove(key);
    }

    @Override
    public void forgetAll() {
      values.clear();
    }
  }

  @SuppressWarnings("unchecked") // a kind is only ever put under its own fact
  private <K, V> Kind<K, V> kind(Fact<K, V> fact) {
    return (Kind<K, V>) kinds.computeIfAbsent(fact, Kind::new);
  }

  @Override
  public <K, V> void need(Fact<K, V> fact, K key) {
    kind(fact).want(key);
  }

  /**
   * Looks up all that is wanted and not known: a query a kind, which go to the database together.
   *
   * @throws IllegalStateException if the database fails
   */
  void lookUp(Handle handle) {
    List<Kind<?, ?>> wanted =
        kinds.values().stream().filter(kind -> !kind.wanted.isEmpty()).toList();
    if (wanted.isEmpty()) {
      return;
    }
    String sql = wanted.stream().map(kind -> kind.fact.sql()).collect(Collectors.joining(";\n"));
    Connection connection = handle.getConnection();
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      int parameter = 1;
      for (Kind<?, ?> kind : wanted) {
        parameter = kind.bind(statement, parameter);
      }
      boolean rows = statement.execute();
      for (Kind<?, ?> kind : wanted) {
        if (!rows) {
          throw new IllegalStateException("a query of facts returned no rows");
        }
        try (ResultSet result = statement.getResultSet()) {
          kind.read(result);
        }
        rows = statement.getMoreResults();
      }
    } catch (SQLException e) {
      throw new IllegalStateException("what commands ask cannot be looked up", e);
    }
  }

  /** Whether all of these are known. */
  <K, V> boolean knows(Fact<K, V> fact, Collection<K> keys) {
    return kind(fact).values.keySet().containsAll(keys);
  }

  /** What is so of each of these, which must be known. */
  <K, V> Map<K, V> get(Fact<K, V> fact, Collection<K> keys) {
    Kind<K, V> kind = kind(fact);
    Map<K, V> found = HashMap.newHashMap(keys.size());
    for (K key : keys) {
      found.put(key, kind.values.get(key));
    }
    return found;
  }

  /** Takes in an event that was appended. */
  void follow(Event event) {
    kinds.values().forEach(kind -> kind.follow(event));
  }
}
