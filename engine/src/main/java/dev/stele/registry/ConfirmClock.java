package dev.stele.registry;

import dev.stele.event.ActorId;
import dev.stele.event.Event;
import dev.stele.log.Command;
import java.time.Instant;

/** Confirms what the clock reads; the result is when that was. */
record ConfirmClock(ActorId actor, String requestId) implements Command<Instant> {
  @Override
  public boolean confirmsClock() {
    return true;
  }

  @Override
  public Instant decide(Decision decision) {
    decision.append(new Event.ClockConfirmed(decision.now()));
    return decision.now();
  }
}
