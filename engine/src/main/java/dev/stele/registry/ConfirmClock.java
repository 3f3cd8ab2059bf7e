package dev.stele.registry;

import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import java.time.Instant;
import java.util.Optional;

/** Confirms what the clock reads; the result is when that was. */
record ConfirmClock(Initiator initiator) implements Command<Instant> {
  @Override
  public Optional<Word> word() {
    return Optional.of(Word.CLOCK);
  }

  @Override
  public Instant decide(Decision decision) {
    decision.append(new Event.ClockConfirmed(decision.now()));
    return decision.now();
  }
}
