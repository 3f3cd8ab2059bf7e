package dev.stele.question;

import dev.stele.event.RobotName;
import dev.stele.projection.Hold;
import dev.stele.projection.Robot;
import dev.stele.registry.Robots;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A robot.
 *
 * @param user the name by which it signs in, and which the access policy knows
 * @param keys those that count, and those that expired since it got its last one; the oldest first
 */
public record RobotRow(
    String name, String user, Optional<String> description, Act created, List<Key> keys) {
  /** How long before its end a key is said to expire soon. */
  private static final Duration SOON = Duration.ofDays(14);

  /** A column a field, but for the keys: each field of these is a list. */
  public static final Columns<RobotRow> COLUMNS =
      Columns.over(RobotRow.class)
          .with("name", RobotRow::name)
          .with("user", RobotRow::user)
          .with("description", RobotRow::description)
          .with("created.at", row -> row.created().at())
          .with("created.position", row -> row.created().position())
          .with("created.actor", row -> row.created().actor())
          .with("keys.id", row -> row.keys().stream().map(Key::id).toList())
          .with("keys.expires", row -> row.keys().stream().map(Key::expires).toList())
          .with("keys.state", row -> row.keys().stream().map(Key::state).toList());

  /** What people see. */
  static final Columns<RobotRow> TABLE =
      Columns.over(RobotRow.class)
          .with("name", RobotRow::name)
          .with("created", row -> row.created().at())
          .with("created.actor", row -> row.created().actor())
          .with(
              "keys", row -> row.keys().stream().map(Key::words).collect(Collectors.joining("; ")))
          .with("description", RobotRow::description);

  /**
   * When something was done, and by whom.
   *
   * @param actor empty if that person was forgotten
   */
  public record Act(String at, long position, Optional<String> actor) {
    static Act of(Hold.Act act) {
      return new Act(act.at().toString(), act.position(), act.actor());
    }
  }

  /** A key, of which nothing secret is known. */
  public record Key(String id, Act issued, String expires, String state) {
    static Key of(Robot.Key key, Instant now) {
      State state =
          !key.countsAt(now)
              ? State.EXPIRED
              : key.countsAt(now.plus(SOON)) ? State.VALID : State.EXPIRES_SOON;
      return new Key(
          key.id(),
          Act.of(key.issued()),
          key.expires().toString(),
          state.name().toLowerCase(Locale.ROOT));
    }

    private String words() {
      return switch (State.valueOf(state.toUpperCase(Locale.ROOT))) {
        case VALID -> id + " until " + expires;
        case EXPIRES_SOON -> id + " until " + expires + " (expires soon)";
        case EXPIRED -> id + " (expired at " + expires + ")";
      };
    }
  }

  private enum State {
    VALID,
    EXPIRES_SOON,
    EXPIRED
  }

  /**
   * A key that was issued just now.
   *
   * @param key the key itself, which nobody can learn again
   */
  public record Issued(String robot, String user, String keyId, String expires, String key) {
    public static final Columns<Issued> COLUMNS = Columns.fields(Issued.class);

    /** The answer to whoever issued it. */
    public static Issued of(Robots.Issued issued) {
      return new Issued(
          issued.robot().value(),
          issued.robot().user(),
          issued.key().id(),
          issued.expires().toString(),
          issued.key().secret());
    }
  }

  /** The row of a robot as it is now. */
  public static RobotRow of(Robot robot) {
    Instant now = Instant.now();
    return new RobotRow(
        robot.name().value(),
        robot.name().user(),
        robot.description(),
        Act.of(robot.created()),
        robot.keys().stream().map(key -> Key.of(key, now)).toList());
  }

  /**
   * The name of a robot that may be there: what cannot be a name cannot be there.
   *
   * @throws dev.stele.server.http.RefusedRequestException 404
   */
  public static RobotName existing(String text) {
    try {
      return RobotName.parse(text);
    } catch (IllegalArgumentException e) {
      throw new DistributionError(
              404, ErrorCode.NOT_FOUND, "there is no such robot; its name " + e.getMessage())
          .asException();
    }
  }
}
