package dev.stele.registry;

import dev.stele.event.Event;
import dev.stele.event.RobotName;
import dev.stele.log.Command;
import dev.stele.oci.Digest;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** What the record is to know of a new key. */
record NewRobotKey(String id, Digest hash, Duration lifetime) {
  static NewRobotKey of(RobotKey key, Duration lifetime) {
    return new NewRobotKey(key.id(), key.hash(), lifetime);
  }

  /** Appends that a robot has it; returns when it expires. */
  Instant append(Command.Decision decision, RobotName robot) {
    Instant expires = decision.now().plus(lifetime).truncatedTo(ChronoUnit.SECONDS);
    decision.append(new Event.RobotKeyIssued(robot, id, hash, expires));
    return expires;
  }
}
