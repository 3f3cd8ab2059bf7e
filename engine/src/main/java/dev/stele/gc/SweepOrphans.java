package dev.stele.gc;

import dev.stele.blob.StoredObject;
import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.projection.OrphanView;
import java.util.List;
import java.util.Set;

/**
 * Gives up objects that the log does not know. From then on none of them can be recorded, so an
 * upload that took this long fails instead of pointing to nothing. The result is how many went.
 */
record SweepOrphans(Initiator initiator, String store, List<StoredObject> objects)
    implements Command<Integer> {

  @Override
  public Integer decide(Decision decision) {
    Set<String> kept =
        OrphanView.knownKeys(
            decision.handle(),
            store,
            objects.stream().map(object -> object.key().value()).toList());
    int swept = 0;
    for (StoredObject object : objects) {
      if (!kept.contains(object.key().value())) {
        decision.append(
            new Event.OrphanSwept(store, object.key().value(), object.size()), Cause.COLLECTOR);
        swept++;
      }
    }
    return swept;
  }
}
