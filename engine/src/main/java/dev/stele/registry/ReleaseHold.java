package dev.stele.registry;

import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.HoldScope;
import dev.stele.projection.Hold;
import dev.stele.projection.HoldView;
import java.util.Optional;
import java.util.UUID;

/** Releases a hold; the result is false if somebody had done so before, and nothing changed. */
record ReleaseHold(Initiator initiator, UUID id, String reason)
    implements Command<Outcome<Boolean>> {

  @Override
  public Outcome<Boolean> decide(Decision decision) {
    Optional<Hold> hold = HoldView.find(decision.handle(), id);
    if (hold.isEmpty()) {
      return Outcome.refused(new Refusal.UnknownHold(id));
    }
    if (hold.get().release().isPresent()) {
      return Outcome.ok(false);
    }
    HoldScope scope = hold.get().scope();
    Optional<RepositoryName> one = scope.oneRepository();
    decision.append(
        new Event.HoldReleased(
            id,
            one,
            one.isPresent() ? Optional.empty() : Optional.of(scope.repositories().toString()),
            scope.tag(),
            scope.digest(),
            reason));
    return Outcome.ok(true);
  }
}
