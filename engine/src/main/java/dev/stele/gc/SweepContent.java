package dev.stele.gc;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.oci.Digest;
import dev.stele.projection.HoldView;
import dev.stele.sql.Values;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/**
 * Gives up the bytes of content that clients deleted from the last repository that had it. Decided
 * against the present: what a repository has again, or a hold keeps, stays. No promise is broken,
 * since nobody was told that it exists.
 */
record SweepContent(Initiator initiator, List<Digest> digests, Duration grace)
    implements Command<CollectBlobs.Result> {

  @Override
  public CollectBlobs.Result decide(Decision decision) {
    Map<Digest, Long> unlinked = unlinked(decision);
    unlinked
        .keySet()
        .removeAll(
            HoldView.content(decision.handle(), unlinked.keySet(), decision.now().minus(grace)));
    CollectBlobs.Result result = CollectBlobs.Result.NOTHING;
    for (Map.Entry<Digest, List<RecordedObject>> each :
        RecordedObject.of(decision.handle(), unlinked.keySet()).entrySet()) {
      for (RecordedObject object : each.getValue()) {
        Event swept = object.swept(unlinked.get(each.getKey()));
        decision.append(swept, Cause.COLLECTOR);
        result = result.plus(new CollectBlobs.Result(0, 1, object.size()));
      }
    }
    return result;
  }

  private Map<Digest, Long> unlinked(Decision decision) {
    Handle handle = decision.handle();
    Map<Digest, Long> unlinked = new HashMap<>();
    handle
        .createQuery(
            """
            SELECT u.digest, u.since
            FROM unlinked u
            WHERE u.digest = ANY (:digests) AND u.since_at <= :cutoff
              AND (SELECT true FROM blob_link l WHERE l.digest = u.digest LIMIT 1) IS NULL
            """)
        .bind("digests", Values.digests(digests))
        .bind("cutoff", decision.now().minus(grace))
        .map((row, _) -> unlinked.put(Values.digest(row, "digest"), row.getLong("since")))
        .list();
    return unlinked;
  }
}
