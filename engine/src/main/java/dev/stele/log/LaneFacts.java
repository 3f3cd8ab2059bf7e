package dev.stele.log;

import dev.stele.event.Event;
import dev.stele.oci.RepositoryName;
import dev.stele.sql.Pipeline;
import dev.stele.sql.Values;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** The facts of one transaction of the lane, each kind with what is known of it. */
final class LaneFacts implements Command.Needs {
  private final Map<Fact<?, ?>, Kind<?, ?>> kinds = new LinkedHashMap<>();
  private final RepositoryChains chains = new RepositoryChains();

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

    /** Asks what is wanted. */
    private void ask(Pipeline pipeline) {
      List<Object[]> columns = new ArrayList<>();
      for (Function<K, ?> column : fact.key().columns()) {
        columns.add(Values.array(wanted.stream().map(column).toList()));
      }
      pipeline.query(fact.sql(), columns, this::read);
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

  @Override
  public void repository(RepositoryName repository) {
    chains.want(Optional.of(repository));
  }

  RepositoryChains chains() {
    return chains;
  }

  /** Has all looked up that is wanted and not known: a query a kind, known when they are done. */
  void lookUp(Pipeline pipeline) {
    chains.lookUp(pipeline);
    kinds.values().stream()
        .filter(kind -> !kind.wanted.isEmpty())
        .forEach(kind -> kind.ask(pipeline));
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
