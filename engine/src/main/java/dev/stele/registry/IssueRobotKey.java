package dev.stele.registry;

import dev.stele.event.Initiator;
import dev.stele.event.RobotName;
import dev.stele.log.Command;
import dev.stele.projection.Robot;
import dev.stele.projection.RobotView;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Gives a robot one more key, two at most that count; the result is when that expires. */
record IssueRobotKey(Initiator initiator, RobotName name, NewRobotKey key)
    implements Command<Outcome<Instant>> {
  private static final int MOST = 2;

  @Override
  public Outcome<Instant> decide(Decision decision) {
    Optional<Robot> robot = RobotView.find(decision.handle(), name);
    if (robot.isEmpty()) {
      return Outcome.refused(new Refusal.UnknownRobot(name));
    }
    List<String> counting =
        robot.get().keys().stream()
            .filter(each -> each.countsAt(decision.now()))
            .map(Robot.Key::id)
            .toList();
    return counting.size() < MOST
        ? Outcome.ok(key.append(decision, name))
        : Outcome.refused(new Refusal.TooManyRobotKeys(name, counting));
  }
}
