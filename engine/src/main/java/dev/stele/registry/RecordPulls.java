package dev.stele.registry;

import dev.stele.event.Cause;
import dev.stele.event.Event.PullEvent;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import java.time.Instant;
import java.util.List;

/** Records what a node observed of an actor's pulls. The result is how many observations. */
record RecordPulls(Initiator initiator, List<PullEvent> observed) implements Command<Integer> {
  /** Few enough for one transaction. */
  static final int MOST = 200;

  @Override
  public void needs(Needs needs) {
    observed.forEach(pulls -> needs.repository(pulls.repository()));
  }

  @Override
  public Integer decide(Decision decision) {
    for (PullEvent pulls : observed) {
      // A node's clock may be ahead of the log's, where nothing is observed before it happened.
      Instant last = earlier(pulls.last(), decision.now());
      decision.append(
          pulls.counting(pulls.count(), earlier(pulls.first(), last), last), Cause.OBSERVATION);
    }
    return observed.size();
  }

  private static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }
}
