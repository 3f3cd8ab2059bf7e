package dev.stele.registry;

import dev.stele.event.Approved;
import dev.stele.event.Event;
import dev.stele.event.Identity;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.HoldScope;
import dev.stele.projection.Approval;
import dev.stele.projection.Hold;
import dev.stele.projection.HoldView;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Releases a hold; the result is what is still waited for before that can be done. If somebody had
 * released it before, nothing changes.
 *
 * @param by who asks
 * @param others how many persons other than placed it must ask; 0 if anybody can alone
 */
record ReleaseHold(Initiator initiator, Identity by, int others, UUID id, String reason)
    implements Command<Outcome<Optional<Approval>>> {

  @Override
  public Outcome<Optional<Approval>> decide(Decision decision) {
    Optional<Hold> hold = HoldView.find(decision.handle(), id);
    if (hold.isEmpty()) {
      return Outcome.refused(new Refusal.UnknownHold(id));
    }
    if (hold.get().release().isPresent()) {
      return Outcome.ok(Optional.empty());
    }
    HoldScope scope = hold.get().scope();
    Optional<RepositoryName> one = scope.oneRepository();
    Optional<String> glob =
        one.isPresent() ? Optional.empty() : Optional.of(scope.repositories().toString());
    List<Long> approvals = List.of();
    if (others > 0) {
      // Who is not known any more may be whoever asks.
      String placer =
          hold.get()
              .placed()
              .actor()
              .filter(name -> !name.equals(Identity.ALTERED.name()))
              .orElse(by.name());
      Outcome<Approving.Asked> asked =
          new Approving(
                  by,
                  Approved.RELEASE_HOLD,
                  id.toString(),
                  one,
                  glob,
                  others,
                  Optional.of(reason),
                  Optional.of(placer))
              .decide(decision);
      switch (asked) {
        case Outcome.Refused<Approving.Asked>(Refusal refusal) -> {
          return Outcome.refused(refusal);
        }
        case Outcome.Ok<Approving.Asked>(Approving.Asked so) -> {
          if (so.waiting().isPresent()) {
            return Outcome.ok(so.waiting());
          }
          approvals = so.approvals();
        }
      }
    }
    decision.append(
        new Event.HoldReleased(id, one, glob, scope.tag(), scope.digest(), reason, approvals));
    return Outcome.ok(Optional.empty());
  }
}
