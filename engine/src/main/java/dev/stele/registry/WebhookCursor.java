package dev.stele.registry;

import dev.stele.sql.Values;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * How far a webhook has come, as the database has it, so that any node can go on where another one
 * stopped.
 *
 * @param nextPosition of the first event that it has not dealt with
 * @param head of the log when this was read: the position that the next event will get
 * @param failures of the delivery that is due, in a row
 * @param lastError also after a delivery has succeeded
 * @param nextTryAt not before then; absent: at once
 * @param paused until a person resumes it
 */
record WebhookCursor(
    String name,
    long nextPosition,
    long head,
    Optional<Instant> deliveredAt,
    int failures,
    Optional<String> lastError,
    Optional<Instant> lastErrorAt,
    Optional<Instant> nextTryAt,
    boolean paused) {

  /** A cursor for a webhook that has none: at the head of the log, or at its start. */
  static void create(Handle handle, String name, boolean fromStart) {
    handle
        .createUpdate(
            """
            INSERT INTO webhook (name, next_position)
            SELECT :name, CASE WHEN :fromStart THEN 0 ELSE next_position END FROM log_head
            ON CONFLICT DO NOTHING
            """)
        .bind("name", name)
        .bind("fromStart", fromStart)
        .execute();
  }

  static Optional<WebhookCursor> find(Handle handle, String name) {
    return handle
        .createQuery(
            """
            SELECT w.*, h.next_position AS head
            FROM webhook w CROSS JOIN log_head h
            WHERE w.name = :name
            """)
        .bind("name", name)
        .map((row, _) -> of(row))
        .findOne();
  }

  /** All of them, in byte order of their names. */
  static List<WebhookCursor> list(Handle handle) {
    return handle
        .createQuery(
            """
            SELECT w.*, h.next_position AS head
            FROM webhook w CROSS JOIN log_head h
            ORDER BY w.name
            """)
        .map((row, _) -> of(row))
        .list();
  }

  private static WebhookCursor of(ResultSet row) throws SQLException {
    return new WebhookCursor(
        row.getString("name"),
        row.getLong("next_position"),
        row.getLong("head"),
        Values.timeIfAny(row, "delivered_at"),
        row.getInt("failures"),
        Optional.ofNullable(row.getString("last_error")),
        Values.timeIfAny(row, "last_error_at"),
        Values.timeIfAny(row, "next_try_at"),
        row.getBoolean("paused"));
  }

  /**
   * Moves on past the events below a position.
   *
   * @param expected where this node knows the cursor to be
   * @param deliveredAt when the last of those events was delivered; absent if all were passed over
   * @return false if the cursor is not there any more, since another node has moved it
   */
  static boolean advance(
      Handle handle, String name, long expected, long next, Optional<Instant> deliveredAt) {
    return handle
            .createUpdate(
                """
                UPDATE webhook
                SET next_position = :next, delivered_at = coalesce(:deliveredAt, delivered_at), failures = 0,
                  next_try_at = NULL, paused = false
                WHERE name = :name AND next_position = :expected
                """)
            .bind("name", name)
            .bind("expected", expected)
            .bind("next", next)
            .bind("deliveredAt", deliveredAt)
            .execute()
        > 0;
  }

  /** Notes that a delivery failed, unless another node has come further meanwhile. */
  static void fail(
      Handle handle,
      String name,
      long expected,
      String error,
      Instant at,
      Optional<Instant> nextTryAt) {
    handle
        .createUpdate(
            """
            UPDATE webhook
            SET failures = failures + 1, last_error = :error, last_error_at = :at, next_try_at = :nextTryAt,
              paused = :paused
            WHERE name = :name AND next_position = :expected
            """)
        .bind("name", name)
        .bind("expected", expected)
        .bind("error", error)
        .bind("at", at)
        .bind("nextTryAt", nextTryAt)
        .bind("paused", nextTryAt.isEmpty())
        .execute();
  }

  /** Lets the delivery that is due be tried at once. False if there is no such webhook. */
  static boolean resume(Handle handle, String name) {
    return handle
            .createUpdate(
                "UPDATE webhook SET failures = 0, next_try_at = NULL, paused = false WHERE name ="
                    + " :name")
            .bind("name", name)
            .execute()
        > 0;
  }

  /** Removes the cursor. False if there is no such webhook. */
  static boolean forget(Handle handle, String name) {
    return handle
            .createUpdate("DELETE FROM webhook WHERE name = :name")
            .bind("name", name)
            .execute()
        > 0;
  }
}
