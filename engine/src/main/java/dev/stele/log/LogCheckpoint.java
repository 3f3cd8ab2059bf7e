package dev.stele.log;

import org.jdbi.v3.core.Handle;

/**
 * How far a follower of the log has come.
 *
 * @param nextPosition of the first event that it has not dealt with; 0 for a new follower
 */
public record LogCheckpoint(String follower, long nextPosition) {
  /** The checkpoint as last saved. */
  public static LogCheckpoint read(Handle handle, String follower) {
    return query(handle, follower, "");
  }

  /** The checkpoint, locked against other followers of that name until the transaction ends. */
  public static LogCheckpoint lock(Handle transaction, String follower) {
    transaction
        .createUpdate(
            """
            INSERT INTO log_checkpoint (follower, next_position) VALUES (:follower, 0)
            ON CONFLICT DO NOTHING
            """)
        .bind("follower", follower)
        .execute();
    return query(transaction, follower, "FOR UPDATE");
  }

  private static LogCheckpoint query(Handle handle, String follower, String lock) {
    return handle
        .createQuery("SELECT next_position FROM log_checkpoint WHERE follower = :follower " + lock)
        .bind("follower", follower)
        .map((row, _) -> new LogCheckpoint(follower, row.getLong("next_position")))
        .findOne()
        .orElseGet(() -> new LogCheckpoint(follower, 0));
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
