package dev.stele.registry;

import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.event.RobotName;
import dev.stele.log.Command;
import dev.stele.projection.Robot;
import dev.stele.projection.RobotView;
import java.util.Optional;

/** Ends a key of a robot; the result is the robot as it is then. */
record RevokeRobotKey(Initiator initiator, RobotName name, String keyId)
    implements Command<Outcome<Robot>> {

  @Override
  public Outcome<Robot> decide(Decision decision) {
    Optional<Robot> robot = RobotView.find(decision.handle(), name);
    if (robot.isEmpty()) {
      return Outcome.refused(new Refusal.UnknownRobot(name));
    }
    Robot before = robot.get();
    if (before.keys().stream().noneMatch(key -> key.id().equals(keyId))) {
      return Outcome.refused(new Refusal.UnknownRobotKey(name, keyId));
    }
    decision.append(new Event.RobotKeyRevoked(name, keyId));
    return Outcome.ok(
        new Robot(
            name,
            before.description(),
            before.created(),
            before.keys().stream().filter(key -> !key.id().equals(keyId)).toList()));
  }
}
