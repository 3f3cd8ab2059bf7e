package dev.stele.retention;

import dev.stele.event.ActorId;
import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.log.Command;
import dev.stele.projection.RepositoryView;
import dev.stele.projection.RetentionView;
import java.util.Optional;

/**
 * Records an evaluation whose documents are kept already, unless another policy is in force by now
 * or the repository is gone. The result is whether it did.
 */
record RecordEvaluation(ActorId actor, String requestId, Event.RetentionEvaluated evaluated)
    implements Command<Boolean> {

  @Override
  public Boolean decide(Decision decision) {
    if (!RetentionView.inForce(decision.handle()).equals(Optional.of(evaluated.policy()))
        || !RepositoryView.exists(decision.handle(), evaluated.repository())) {
      return false;
    }
    decision.append(evaluated, Cause.retention("policy " + evaluated.policy()));
    return true;
  }
}
