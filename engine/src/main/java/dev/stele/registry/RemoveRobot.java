package dev.stele.registry;

import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.event.RobotName;
import dev.stele.log.Command;
import dev.stele.projection.Robot;
import dev.stele.projection.RobotView;
import java.util.Optional;

/** Ends the account of a program; the result is the robot as it was. */
record RemoveRobot(Initiator initiator, RobotName name) implements Command<Outcome<Robot>> {

  @Override
  public Outcome<Robot> decide(Decision decision) {
    Optional<Robot> robot = RobotView.find(decision.handle(), name);
    if (robot.isEmpty()) {
      return Outcome.refused(new Refusal.UnknownRobot(name));
    }
    decision.append(new Event.RobotRemoved(name));
    return Outcome.ok(robot.get());
  }
}
