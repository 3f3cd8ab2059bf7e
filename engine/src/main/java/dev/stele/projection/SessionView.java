package dev.stele.projection;

import dev.stele.event.ActorId;
import dev.stele.event.Commitment;
import dev.stele.event.Event;
import dev.stele.event.Opening;
import dev.stele.event.RecordedEvent;
import dev.stele.sql.Pipeline;
import dev.stele.sql.Values;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Sessions of people. What ended is in the log alone, and so is what somebody had who is forgotten.
 */
public final class SessionView implements InlineView {
  @Override
  public String name() {
    return "session";
  }

  @Override
  public List<String> tables() {
    return List.of("session");
  }

  @Override
  public void apply(Pipeline transaction, List<RecordedEvent> events) {
    for (RecordedEvent recorded : events) {
      Handle handle = transaction.handle();
      if (recorded.event() instanceof Event.SessionEvent event) {
        apply(handle, recorded, event);
      } else if (recorded.event() instanceof Event.ActorForgotten forgotten) {
        handle
            .createUpdate("DELETE FROM session WHERE actor = :actor")
            .bind("actor", ActorId.of(forgotten.actor()).value())
            .execute();
      }
    }
  }

  private static void apply(Handle handle, RecordedEvent recorded, Event.SessionEvent event) {
    switch (event) {
      case Event.SessionBegan began -> begin(handle, recorded, began);
      case Event.SessionEnded(var id, _) ->
          handle.createUpdate("DELETE FROM session WHERE id = :id").bind("id", id).execute();
    }
  }

  /** With it go those that have expired: there are as many as count, and those since the last. */
  private static void begin(Handle handle, RecordedEvent recorded, Event.SessionBegan began) {
    handle
        .createUpdate("DELETE FROM session WHERE expires_at <= :at")
        .bind("at", recorded.recordedAt())
        .execute();
    handle
        .createUpdate(
            """
            INSERT INTO session (id, hash, identity, actor, groups, began_position, began_at, expires_at)
            VALUES (:id, :hash, :identity, :actor, :groups, :position, :at, :expires)
            """)
        .bind("id", began.session())
        .bind("hash", began.hash())
        .bind("identity", recorded.by().identity().hex())
        .bind("actor", recorded.actor().value())
        .bindArray("groups", String.class, began.groups())
        .bind("position", recorded.position())
        .bind("at", recorded.recordedAt())
        .bind("expires", began.expires())
        .execute();
  }

  // ---- queries

  private static final String COLUMNS =
      """
      s.id, s.hash, s.identity, s.groups, s.began_position, s.began_at, s.expires_at,
      (SELECT opening FROM actor a WHERE a.id = s.actor) AS opening
      """;

  private static Session read(ResultSet row) throws SQLException {
    Commitment user = new Commitment(row.getString("identity"));
    return new Session(
        row.getString("id"),
        Values.digest(row, "hash"),
        user,
        Optional.ofNullable(row.getString("opening"))
            .flatMap(text -> new Opening(text).ifOpens(user.hex()))
            .flatMap(Opening::identity),
        List.of((String[]) row.getArray("groups").getArray()),
        row.getLong("began_position"),
        Values.time(row, "began_at"),
        Values.time(row, "expires_at"));
  }

  /** A session that did not end; it may have expired. */
  public static Optional<Session> find(Handle handle, String id) {
    return handle
        .createQuery("SELECT %s FROM session s WHERE s.id = :id".formatted(COLUMNS))
        .bind("id", id)
        .map((row, _) -> read(row))
        .findOne();
  }

  /** At most {@code limit} sessions that count now and began before a position, newest first. */
  public static List<Session> list(Handle handle, long before, int limit) {
    return handle
        .createQuery(
            """
            SELECT %s FROM session s
            WHERE s.began_position < :before AND s.expires_at > clock_timestamp()
            ORDER BY s.began_position DESC
            LIMIT :limit
            """
                .formatted(COLUMNS))
        .bind("before", before)
        .bind("limit", limit)
        .map((row, _) -> read(row))
        .list();
  }

  /**
   * A session as it is.
   *
   * @param session empty if there is none
   * @param newest the newest leaf of the log then; empty if there is none
   */
  @SuppressWarnings("ArrayRecordComponent") // read-only
  public record Current(Optional<Session> session, byte[] newest) {}

  /** A session, and the log that it follows from. */
  public static Current current(Handle handle, String id) {
    return handle
        .createQuery(
            """
            SELECT l.leaf, %s
            FROM (SELECT coalesce((SELECT leaf FROM event ORDER BY position DESC LIMIT 1), '') AS leaf) l
            LEFT JOIN session s ON s.id = :id
            """
                .formatted(COLUMNS))
        .bind("id", id)
        .map(
            (row, _) ->
                new Current(
                    row.getString("id") == null ? Optional.empty() : Optional.of(read(row)),
                    row.getBytes("leaf")))
        .one();
  }
}
