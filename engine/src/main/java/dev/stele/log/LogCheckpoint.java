package dev.stele.log;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.OptionalLong;
import org.jdbi.v3.core.Handle;

/**
 * How far a follower of the log has come.
 *
 * @param nextPosition of the first event that it has not dealt with; 0 for a new follower
 * @param part how far it has dealt with that one, if it has begun to
 */
public record LogCheckpoint(String follower, long nextPosition, Optional<String> part) {
  private static LogCheckpoint of(String follower, ResultSet row) throws SQLException {
    return new LogCheckpoint(
        follower, row.getLong("next_position"), Optional.ofNullable(row.getString("part")));
  }

  private static LogCheckpoint first(String follower) {
    return new LogCheckpoint(follower, 0, Optional.empty());
  }

  /** The checkpoint as last saved. */
  public static LogCheckpoint read(Handle handle, String follower) {
    return handle
        .createQuery("SELECT next_position, part FROM log_checkpoint WHERE follower = :follower")
        .bind("follower", follower)
        .map((row, _) -> of(follower, row))
        .findOne()
        .orElseGet(() -> first(follower));
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
                SELECT next_position, part FROM log_checkpoint WHERE follower = :follower
                FOR UPDATE SKIP LOCKED
                """)
            .bind("follower", follower)
            .map((row, _) -> of(follower, row))
            .findOne();
    return found.isEmpty() && create(transaction, follower) ? Optional.of(first(follower)) : found;
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
    save(transaction, next, Optional.empty());
  }

  /** Saves how far the event at this position has been dealt with, in the same way. */
  public void savePart(Handle transaction, String done) {
    save(transaction, nextPosition, Optional.of(done));
  }

  private void save(Handle transaction, long next, Optional<String> done) {
    transaction
        .createUpdate(
            """
            UPDATE log_checkpoint SET next_position = :next, part = :part WHERE follower = :follower
            """)
        .bind("follower", follower)
        .bind("next", next)
        .bind("part", done)
        .execute();
  }
}
