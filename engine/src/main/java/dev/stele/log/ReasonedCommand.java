package dev.stele.log;

import dev.stele.event.Initiator;
import java.util.Optional;

/** A command for which a reason was given. */
record ReasonedCommand<R>(Command<R> command, Optional<String> statedReason) implements Command<R> {
  @Override
  public Initiator initiator() {
    return command.initiator();
  }

  @Override
  public long weight() {
    return command.weight();
  }

  @Override
  public Optional<Word> word() {
    return command.word();
  }

  @Override
  public void needs(Needs needs) {
    command.needs(needs);
  }

  @Override
  public R decide(Decision decision) {
    return command.decide(decision);
  }
}
