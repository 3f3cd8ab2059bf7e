package dev.stele.log;

import dev.stele.event.Event;
import dev.stele.sql.Pipeline;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/**
 * A kind of thing that commands ask about before they append, such as whether a repository exists.
 * The lane looks up what all commands of a batch ask in one round trip to the database, with one
 * query a kind, and then keeps it up with the events that they append, so that a command sees what
 * those before it in the batch did though no view shows it yet.
 *
 * <p>INVARIANT: what was looked up and then followed some events is what would be looked up once
 * the views have taken in these events.
 *
 * @param key how keys go to the database and come back
 * @param sql a query with an array parameter for each column of the keys, in their order, whose
 *     rows begin with these columns; its cost must not grow with the repository
 * @param none what is so of a key without rows; never null
 * @param reading what a row adds to what those before it say
 * @param following what an event makes of it
 * @param <K> what is asked about
 * @param <V> the answer
 */
public record Fact<K, V>(
    Key<K> key, String sql, V none, Reading<V> reading, Following<K, V> following) {

  /**
   * How keys are sent, as columns of digests ({@code bytea[]}) or of text, and read from a row,
   * which begins with these.
   */
  public record Key<K>(List<Function<K, ?>> columns, Reader<K> reader) {
    /** Reads a key. */
    @FunctionalInterface
    public interface Reader<K> {
      K read(ResultSet row) throws SQLException;
    }
  }

  /** Reads a row. */
  @FunctionalInterface
  public interface Reading<V> {
    V read(V before, ResultSet row) throws SQLException;
  }

  /** Takes in an event: says what is so from now on, or that it must be looked up anew. */
  @FunctionalInterface
  public interface Following<K, V> {
    void follow(Event event, Known<K, V> known);
  }

  /** What is known of a kind. */
  public interface Known<K, V> {
    /** This is so now. */
    void put(K key, V value);

    /** What is so now, the views will tell. */
    void forget(K key);

    /** What is so now of any key, the views will tell. */
    void forgetAll();
  }

  /** A fact that holds if there is a row. */
  public static <K> Fact<K, Boolean> ofRows(
      Key<K> key, String sql, Following<K, Boolean> following) {
    return new Fact<>(key, sql, false, (_, _) -> true, following);
  }

  /** What the views say of these keys, for whoever is not a command. */
  public Map<K, V> lookUp(Handle handle, Collection<K> keys) {
    LaneFacts facts = new LaneFacts();
    keys.forEach(each -> facts.need(this, each));
    Pipeline pipeline = new Pipeline(handle);
    facts.lookUp(pipeline);
    pipeline.flush();
    return facts.get(this, keys);
  }
}
