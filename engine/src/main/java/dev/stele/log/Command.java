package dev.stele.log;

import dev.stele.event.ActorId;
import dev.stele.event.Cause;
import dev.stele.event.Event;
import java.time.Instant;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Something to decide and append in the lane. All parsing, hashing and blob I/O is done before it
 * is submitted.
 *
 * @param <R> the result; a refusal is a result too, never an exception
 */
public interface Command<R> {
  ActorId actor();

  String requestId();

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

  /**
   * Whether this is an operator's word that the clock is right: it is decided though the clock is
   * in doubt, and by itself, and the log's time goes on from there.
   */
  default boolean confirmsClock() {
    return false;
  }

  /**
   * Decides against the current rows and appends what follows, or throws {@link
   * LaneUnavailableException} before it appends anything if that cannot be done now. It may run
   * more than once (each time in a transaction of its own, of which at most one commits), so it
   * must have no effect but through the decision.
   */
  R decide(Decision decision);

  /** What a command sees and does in the lane. Used by the lane's thread only. */
  interface Decision {
    /** The lane's transaction: it holds the log's lock, so nothing else appends meanwhile. */
    Handle handle();

    /**
     * The same, with the events of all commands before this one in the log, also of those that are
     * in the same transaction. For commands that look into the log, of which there are few.
     */
    Handle log();

    /** The time that the appended events get. */
    Instant now();

    /**
     * Appends an event. The views show it once this command has been decided.
     *
     * @return its position, should this transaction commit
     */
    long append(Event event, Cause cause);

    default long append(Event event) {
      return append(event, Cause.CLIENT_REQUEST);
    }
  }
}
