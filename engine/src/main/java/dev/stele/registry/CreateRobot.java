package dev.stele.registry;

import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.event.RobotName;
import dev.stele.log.Command;
import dev.stele.projection.RobotView;
import java.time.Instant;
import java.util.Optional;

/** Makes an account for a program, with a first key; the result is when that expires. */
record CreateRobot(
    Initiator initiator, RobotName name, Optional<String> description, NewRobotKey key)
    implements Command<Outcome<Instant>> {

  @Override
  public Outcome<Instant> decide(Decision decision) {
    if (RobotView.find(decision.handle(), name).isPresent()) {
      return Outcome.refused(new Refusal.RobotExists(name));
    }
    decision.append(new Event.RobotCreated(name, description));
    return Outcome.ok(key.append(decision, name));
  }
}
