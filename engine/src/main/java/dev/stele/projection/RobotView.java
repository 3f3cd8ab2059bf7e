package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.event.RobotName;
import dev.stele.sql.Pipeline;
import dev.stele.sql.Values;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/** The accounts of programs, and their keys. What ended is in the log alone. */
public final class RobotView implements InlineView {
  @Override
  public String name() {
    return "robot";
  }

  @Override
  public List<String> tables() {
    return List.of("robot", "robot_key");
  }

  @Override
  public void apply(Pipeline transaction, List<RecordedEvent> events) {
    for (RecordedEvent recorded : events) {
      if (recorded.event() instanceof Event.RobotEvent event) {
        apply(transaction.handle(), recorded, event);
      }
    }
  }

  private static void apply(Handle handle, RecordedEvent recorded, Event.RobotEvent event) {
    switch (event) {
      case Event.RobotCreated(var robot, var description) ->
          handle
              .createUpdate(
                  """
                  INSERT INTO robot (name, description, created_position, created_at, created_by)
                  VALUES (:name, :description, :position, :at, :actor)
                  """)
              .bind("name", robot.value())
              .bind("description", description)
              .bind("position", recorded.position())
              .bind("at", recorded.recordedAt())
              .bind("actor", recorded.actor().value())
              .execute();
      case Event.RobotKeyIssued issued -> issue(handle, recorded, issued);
      case Event.RobotKeyRevoked(_, var id) ->
          handle.createUpdate("DELETE FROM robot_key WHERE id = :id").bind("id", id).execute();
      case Event.RobotRemoved(var robot) -> {
        handle
            .createUpdate("DELETE FROM robot_key WHERE robot = :name")
            .bind("name", robot.value())
            .execute();
        handle
            .createUpdate("DELETE FROM robot WHERE name = :name")
            .bind("name", robot.value())
            .execute();
      }
    }
  }

  /** With those goes that have expired: there are as many as can count at once, and no more. */
  private static void issue(Handle handle, RecordedEvent recorded, Event.RobotKeyIssued issued) {
    handle
        .createUpdate("DELETE FROM robot_key WHERE robot = :robot AND expires_at <= :at")
        .bind("robot", issued.robot().value())
        .bind("at", recorded.recordedAt())
        .execute();
    handle
        .createUpdate(
            """
            INSERT INTO robot_key (id, robot, hash, issued_position, issued_at, issued_by, expires_at)
            VALUES (:id, :robot, :hash, :position, :at, :actor, :expires)
            """)
        .bind("id", issued.keyId())
        .bind("robot", issued.robot().value())
        .bind("hash", issued.hash())
        .bind("position", recorded.position())
        .bind("at", recorded.recordedAt())
        .bind("actor", recorded.actor().value())
        .bind("expires", issued.expires())
        .execute();
  }

  // ---- queries

  private static final String SELECT =
      """
      SELECT r.name, r.description, r.created_position, r.created_at, r.created_by, c.opening AS created_by_opening,
             k.id, k.hash, k.issued_position, k.issued_at, k.issued_by, i.opening AS issued_by_opening, k.expires_at
      FROM robot r
      LEFT JOIN robot_key k ON k.robot = r.name
      LEFT JOIN actor c ON c.id = r.created_by
      LEFT JOIN actor i ON i.id = k.issued_by
      """;

  private static final String ORDER = "ORDER BY r.name, k.issued_position";

  /** A row of a robot and perhaps a key of it. */
  private record Row(Robot robot, Optional<Robot.Key> key) {
    static Row read(ResultSet row) throws SQLException {
      return new Row(
          new Robot(
              RobotName.parse(row.getString("name")),
              Optional.ofNullable(row.getString("description")),
              HoldView.act(row, "created"),
              List.of()),
          row.getString("id") == null ? Optional.empty() : Optional.of(RobotView.key(row)));
    }
  }

  private static Robot.Key key(ResultSet row) throws SQLException {
    return new Robot.Key(
        row.getString("id"),
        Values.digest(row, "hash"),
        HoldView.act(row, "issued"),
        Values.time(row, "expires_at"));
  }

  private static List<Robot> robots(List<Row> rows) {
    Map<RobotName, List<Row>> byName =
        rows.stream()
            .collect(
                Collectors.groupingBy(
                    row -> row.robot().name(), LinkedHashMap::new, Collectors.toList()));
    return byName.values().stream()
        .map(
            of -> {
              Robot first = of.getFirst().robot();
              return new Robot(
                  first.name(),
                  first.description(),
                  first.created(),
                  of.stream().flatMap(row -> row.key().stream()).toList());
            })
        .toList();
  }

  /** A robot by its name. */
  public static Optional<Robot> find(Handle handle, RobotName name) {
    return robots(
            handle
                .createQuery(SELECT + "WHERE r.name = :name " + ORDER)
                .bind("name", name.value())
                .map((row, _) -> Row.read(row))
                .list())
        .stream()
        .findFirst();
  }

  /** At most {@code limit} robots after a name, by name. */
  public static List<Robot> list(Handle handle, Optional<RobotName> after, int limit) {
    return robots(
        handle
            .createQuery(
                SELECT
                    + """
                    WHERE r.name IN (SELECT name FROM robot WHERE name > :after ORDER BY name LIMIT :limit)
                    """
                    + ORDER)
            .bind("after", after.map(RobotName::value).orElse(""))
            .bind("limit", limit)
            .map((row, _) -> Row.read(row))
            .list());
  }

  /**
   * The keys of a robot.
   *
   * @param newest the newest leaf of the log then; empty if there is none
   */
  @SuppressWarnings("ArrayRecordComponent") // read-only
  public record Current(Map<String, Robot.Key> keys, byte[] newest) {}

  /** The keys of a robot by their ids; none if there is no such robot. */
  public static Current current(Handle handle, RobotName name) {
    return handle
        .createQuery(
            """
            SELECT l.leaf, k.id, k.hash, k.issued_position, k.issued_at, k.issued_by, NULL AS issued_by_opening, k.expires_at
            FROM (SELECT coalesce((SELECT leaf FROM event ORDER BY position DESC LIMIT 1), '') AS leaf) l
            LEFT JOIN robot_key k ON k.robot = :name
            """)
        .bind("name", name.value())
        .reduceResultSet(
            new Current(Map.of(), new byte[0]),
            (found, row, _) -> {
              Map<String, Robot.Key> keys = new LinkedHashMap<>(found.keys());
              if (row.getString("id") != null) {
                keys.put(row.getString("id"), key(row));
              }
              return new Current(keys, row.getBytes("leaf"));
            });
  }

  /** When the first robot that has a key at a time has none any more; empty if none has one. */
  public static Optional<Instant> nextExpiry(Handle handle) {
    return handle
        .createQuery(
            """
            SELECT min(last) AS next FROM (
              SELECT max(expires_at) AS last FROM robot_key WHERE expires_at > clock_timestamp() GROUP BY robot) k
            """)
        .map((row, _) -> Values.timeIfAny(row, "next"))
        .one();
  }
}
