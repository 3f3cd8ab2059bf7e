package dev.stele.log;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.oci.RepositoryName;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Something to decide and append in the lane. All parsing, hashing and blob I/O is done before it
 * is submitted.
 *
 * @param <R> the result; a refusal is a result too, never an exception
 */
public interface Command<R> {
  Initiator initiator();

  /** Why whoever asks wants it, in their words: all events that follow say so. */
  default Optional<String> statedReason() {
    return Optional.empty();
  }

  /** The same command, for a reason. */
  default Command<R> because(Optional<String> reason) {
    return reason.isEmpty() ? this : new ReasonedCommand<>(this, reason);
  }

  /**
   * How many bytes this keeps in memory until it is decided, beside what every command does; a
   * rough figure will do. Commands that wait are bounded by their sum.
   */
  default long weight() {
    return 0;
  }

  /** What an operator can say is right, though the lane refuses commands because of it. */
  enum Word {
    /** The clock, from which the log's time goes on. */
    CLOCK,
    /** The log, which is not what was signed, and goes on from what there is. */
    LOG
  }

  /** What this is an operator's word on: it is decided in spite of that, and by itself. */
  default Optional<Word> word() {
    return Optional.empty();
  }

  /**
   * Names the facts that it will ask for, so that the lane can load them together with those of
   * other commands. What a command asks for without having named it costs the lane statements of
   * its own.
   */
  default void needs(Needs needs) {}

  /** What commands will ask for. */
  interface Needs {
    <K, V> void need(Fact<K, V> fact, K key);

    /** The repository whose events it appends, if it does. */
    void repository(RepositoryName repository);
  }

  /**
   * Decides against what is so now and appends what follows, or throws {@link
   * LaneUnavailableException} before it appends anything if that cannot be done now. It may run
   * more than once (each time in a transaction of its own, of which at most one commits), so it
   * must have no effect but through the decision.
   */
  R decide(Decision decision);

  /** What a command sees and does in the lane. Used by the lane's thread only. */
  interface Decision {
    /**
     * What is so at this moment, after all commands before this one: in memory, if it was
     * {@linkplain #needs named} beforehand.
     */
    default <K, V> V fact(Fact<K, V> fact, K key) {
      return facts(fact, List.of(key)).get(key);
    }

    /** The same of several keys; has each of them. */
    <K, V> Map<K, V> facts(Fact<K, V> fact, Collection<K> keys);

    /**
     * The lane's transaction, for a command that must ask the database itself: it holds the log's
     * lock, so nothing else appends meanwhile. What the commands before this one did is written
     * first and seen in it: in the log, in the views and beside them.
     */
    Handle handle();

    /** Writes a row beside the log, should this transaction commit. */
    <T> void write(LaneWrite<T> kind, T row);

    /** The time that the appended events get. */
    Instant now();

    /**
     * Appends an event. Facts and views show it once this command has been decided.
     *
     * @return its position, should this transaction commit
     */
    long append(Event event, Cause cause);

    default long append(Event event) {
      return append(event, Cause.CLIENT_REQUEST);
    }
  }
}
