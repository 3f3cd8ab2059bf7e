package dev.stele.retention;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.projection.RepositoryView;
import dev.stele.projection.RetentionView;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Records an evaluation whose documents are kept already, unless another policy is in force by now
 * or the repository is gone, or its time is still to come: then the clock was ahead for a moment,
 * and what it decided by age means nothing. The result is the position of its event; empty if it
 * was not recorded.
 *
 * @param clock the one that the evaluation took its time from
 */
record RecordEvaluation(
    Initiator initiator, Event.RetentionEvaluated evaluated, Retention.SnapshotClock clock)
    implements Command<OptionalLong> {

  @Override
  public OptionalLong decide(Decision decision) {
    if (!RetentionView.inForce(decision.handle()).equals(Optional.of(evaluated.policy()))
        || !RepositoryView.exists(decision.handle(), evaluated.repository())
        || evaluated.evaluatedAt().isAfter(clock.now(decision.handle()))) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(
        decision.append(evaluated, Cause.retention("policy " + evaluated.policy())));
  }
}
