package dev.stele.projection;

import dev.stele.event.ActorId;
import dev.stele.event.Approved;
import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.sql.Pipeline;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/** Who approved of what takes several persons, as long as it is not done. */
public final class ApprovalView implements InlineView {
  @Override
  public String name() {
    return "approval";
  }

  @Override
  public List<String> tables() {
    return List.of("approval");
  }

  @Override
  public void apply(Pipeline transaction, List<RecordedEvent> events) {
    for (RecordedEvent recorded : events) {
      Handle handle = transaction.handle();
      if (recorded.event() instanceof Event.ApprovalGiven given) {
        give(handle, recorded, given);
      } else if (recorded.event() instanceof Event.ApprovalWithdrawn withdrawn) {
        handle
            .createUpdate(
                """
                DELETE FROM approval
                WHERE act = :act AND repositories = :repositories AND subject = :subject AND position = :position
                """)
            .bind("act", withdrawn.act().name())
            .bind(
                "repositories",
                HoldView.repositories(withdrawn.repository(), withdrawn.repositories()))
            .bind("subject", withdrawn.subject())
            .bind("position", withdrawn.approval())
            .execute();
      } else if (recorded.event() instanceof Event.HoldReleased released) {
        remove(
            handle,
            Approved.RELEASE_HOLD,
            HoldView.repositories(released.repository(), released.repositories()),
            released.hold().toString(),
            recorded.recordedAt());
      } else if (recorded.event() instanceof Event.ApprovalsUsed used) {
        remove(
            handle,
            Approved.RESTORE_REPOSITORY,
            used.repository().value(),
            used.subject(),
            recorded.recordedAt());
      }
    }
  }

  private static void give(Handle handle, RecordedEvent recorded, Event.ApprovalGiven given) {
    String repositories = HoldView.repositories(given.repository(), given.repositories());
    remove(
        handle,
        given.act(),
        repositories,
        given.subject(),
        recorded.recordedAt().minus(Approval.LASTS));
    handle
        .createUpdate(
            """
            INSERT INTO approval (act, repositories, subject, position, given_at, given_by, needed)
            VALUES (:act, :repositories, :subject, :position, :at, :actor, :needed)
            """)
        .bind("act", given.act().name())
        .bind("repositories", repositories)
        .bind("subject", given.subject())
        .bind("position", recorded.position())
        .bind("at", recorded.recordedAt())
        .bind("actor", recorded.actor().value())
        .bind("needed", given.needed())
        .execute();
  }

  /**
   * @param until those that were given later stay
   */
  private static void remove(
      Handle handle, Approved act, String repositories, String subject, Instant until) {
    handle
        .createUpdate(
            """
            DELETE FROM approval
            WHERE act = :act AND repositories = :repositories AND subject = :subject AND given_at <= :until
            """)
        .bind("act", act.name())
        .bind("repositories", repositories)
        .bind("subject", subject)
        .bind("until", until)
        .execute();
  }

  // ---- queries

  private static final String COLUMNS =
      """
      g.act, g.repositories, g.subject, g.needed, g.position AS given_position, g.given_at, g.given_by,
      a.opening AS given_by_opening
      """;

  private record Key(Approved act, String repositories, String subject) {}

  /** What a row says by itself. */
  private static Approval read(ResultSet row) throws SQLException {
    return new Approval(
        Approved.valueOf(row.getString("act")),
        row.getString("repositories"),
        row.getString("subject"),
        row.getInt("needed"),
        List.of(HoldView.act(row, "given")));
  }

  /** Rows of the same one after the other, the oldest first. */
  private static List<Approval> together(List<Approval> rows) {
    Map<Key, Approval> byKey = new LinkedHashMap<>();
    for (Approval row : rows) {
      byKey.merge(
          new Key(row.act(), row.repositories(), row.subject()),
          row,
          (before, next) ->
              new Approval(
                  next.act(),
                  next.repositories(),
                  next.subject(),
                  next.needed(),
                  Stream.concat(before.given().stream(), next.given().stream()).toList()));
    }
    return List.copyOf(byKey.values());
  }

  /** Who approved of one thing after a time; empty if nobody did. */
  public static Optional<Approval> find(
      Handle handle, Approved act, String repositories, String subject, Instant since) {
    return together(
            handle
                .createQuery(
                    "SELECT "
                        + COLUMNS
                        + """
                        FROM approval g
                        LEFT JOIN actor a ON a.id = g.given_by
                        WHERE g.act = :act AND g.repositories = :repositories AND g.subject = :subject
                          AND g.given_at > :since
                        ORDER BY g.position
                        """)
                .bind("act", act.name())
                .bind("repositories", repositories)
                .bind("subject", subject)
                .bind("since", since)
                .map((row, _) -> read(row))
                .list())
        .stream()
        .findFirst();
  }

  /** Whether somebody approved after a time of what is not done. */
  public static boolean anyOf(Handle handle, ActorId person, Instant since) {
    return handle
        .createQuery(
            "SELECT EXISTS (SELECT FROM approval WHERE given_by = :person AND given_at > :since)")
        .bind("person", person.value())
        .bind("since", since)
        .mapTo(Boolean.class)
        .one();
  }

  /**
   * At most {@code limit} of what waits now, the last approval of which was given before a
   * position; the newest first.
   */
  public static List<Approval> list(Handle handle, long before, int limit) {
    return together(
        handle
            .createQuery(
                """
                WITH counting AS (
                  SELECT a.* FROM approval a, log_head
                  WHERE a.given_at > greatest(recorded_at, clock_timestamp()) - make_interval(secs => :lasts))
                SELECT
                """
                    + COLUMNS
                    + """
                    FROM (SELECT act, repositories, subject, max(position) AS last FROM counting
                          GROUP BY act, repositories, subject
                          HAVING max(position) < :before
                          ORDER BY last DESC LIMIT :limit) f
                    JOIN counting g USING (act, repositories, subject)
                    LEFT JOIN actor a ON a.id = g.given_by
                    ORDER BY f.last DESC, g.position
                    """)
            .bind("lasts", Approval.LASTS.toSeconds())
            .bind("before", before)
            .bind("limit", limit)
            .map((row, _) -> read(row))
            .list());
  }
}
