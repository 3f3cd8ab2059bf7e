package dev.stele.registry;

import dev.stele.event.Cause;
import dev.stele.event.Event.Observed;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import java.time.Instant;
import java.util.List;

/** Records what a node observed of somebody. The result is how many observations. */
record RecordObservations(Initiator initiator, List<Observed> observed)
    implements Command<Integer> {
  /** Few enough for one transaction. */
  static final int MOST = 200;

  @Override
  public void needs(Needs needs) {
    observed.forEach(each -> each.place().ifPresent(needs::repository));
  }

  @Override
  public Integer decide(Decision decision) {
    for (Observed each : observed) {
      // A node's clock may be ahead of the log's, where nothing is observed before it happened.
      Instant last = earlier(each.last(), decision.now());
      decision.append(
          each.counting(each.count(), earlier(each.first(), last), last), Cause.OBSERVATION);
    }
    return observed.size();
  }

  private static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }
}
