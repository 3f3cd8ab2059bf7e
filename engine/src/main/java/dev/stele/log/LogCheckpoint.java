package dev.stele.log;

import java.util.Optional;
import java.util.OptionalLong;
import org.jdbi.v3.core.Handle;

/**
 * How far a follower of the log has come.
 *
 * @param nextPosition of the first event that it has not dealt with; 0 for a new follower
 */
public record LogCheckpoint(String follower, long nextPosition) {
  /** The checkpoint as last saved. */
  public static LogCheckpoint read(Handle handle, String follower) {
    return handle
        .createQuery("SELECT next_position FROM log_checkpoint WHERE follower = :follower")
        .bind("follower", follower)
        .map((row, _) -> new LogCheckpoint(follower, row.getLong("next_position")))
        .findOne()
        .orElseGet(() -> new LogCheckpoint(follower, 0));
  }

  /**
   * The checkpoint, locked against other followers of that name until the transaction ends. Empty
   * if somebody else has it locked: nobody waits for them.
   */
  public static Optional<LogCheckpoint> lock(Handle transaction, String follower) {
    Optional<LogCheckpoint> found =
        transaction
            .createQuery(
                """
                SELECT next_position FROM log_checkpoint WHERE follower = :follower
                FOR UPDATE SKIP LOCKED
                """)
            .bind("follower", follower)
            .map((row, _) -> new LogCheckpoint(follower, row.getLong("next_position")))
            .findOne();
    return found.isEmpty() && create(transaction, follower)
        ? Optional.of(new LogCheckpoint(follower, 0))
        : found;
  }

  /**
   * The same, if it is the caller's turn: empty also while another node leads.
   *
   * @param term in which the caller leads; empty if it does not, which will do while nobody leads
   */
  public static Optional<LogCheckpoint> lock(
      Handle transaction, String follower, OptionalLong term) {
    return lock(transaction, follower).filter(_ -> Leadership.isTurn(transaction, term));
  }

  /** False if there is one. */
  private static boolean create(Handle transaction, String follower) {
    return transaction
            .createUpdate(
                """
                INSERT INTO log_checkpoint (follower, next_position) VALUES (:follower, 0)
                ON CONFLICT DO NOTHING
                """)
            .bind("follower", follower)
            .execute()
        > 0;
  }

  /** Saves another position, in the transaction that locked this checkpoint. */
  public void save(Handle transaction, long next) {
    transaction
        .createUpdate("UPDATE log_checkpoint SET next_position = :next WHERE follower = :follower")
        .bind("follower", follower)
        .bind("next", next)
        .execute();
  }
}
