package dev.stele.registry;

import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import java.util.Optional;

/**
 * Records an operator's word that the log goes on though it does not begin with what was signed;
 * the result is that, empty if it does.
 */
record DeclareBreak(Initiator initiator) implements Command<Optional<String>> {
  @Override
  public Optional<Word> word() {
    return Optional.of(Word.LOG);
  }

  @Override
  public Optional<String> decide(Decision decision) {
    Optional<String> lost = Checkpoints.giveUp(decision.handle());
    lost.ifPresent(
        checkpoint -> {
          long _ = decision.append(new Event.LogBreakDeclared(checkpoint));
        });
    return lost;
  }
}
