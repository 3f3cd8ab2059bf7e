package dev.stele.registry;

import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.HoldScope;
import dev.stele.projection.Hold;
import dev.stele.projection.HoldView;
import java.util.Optional;

/**
 * Places a hold, unless the same one is there already: then nothing changes, and the result is
 * false.
 */
record PlaceHold(Initiator initiator, NewHold hold) implements Command<Outcome<Boolean>> {

  @Override
  public Outcome<Boolean> decide(Decision decision) {
    Optional<Hold> present = HoldView.find(decision.handle(), hold.id());
    if (present.isPresent()) {
      Hold other = present.get();
      // Not made a NewHold: what is on record may say what is refused today.
      boolean same =
          other.scope().equals(hold.scope())
              && other.freeze() == hold.freeze()
              && other.reason().equals(hold.reason());
      return same ? Outcome.ok(false) : Outcome.refused(new Refusal.OtherHold(other));
    }
    HoldScope scope = hold.scope();
    Optional<RepositoryName> one = scope.oneRepository();
    decision.append(
        new Event.HoldPlaced(
            hold.id(),
            one,
            one.isPresent() ? Optional.empty() : Optional.of(scope.repositories().toString()),
            scope.tag(),
            scope.digest(),
            hold.freeze(),
            hold.reason()));
    return Outcome.ok(true);
  }
}
