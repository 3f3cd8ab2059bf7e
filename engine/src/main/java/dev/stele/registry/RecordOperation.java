package dev.stele.registry;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.projection.RecordDocuments;
import java.util.Optional;

/**
 * Records what happened to a server, with the document that the event names. The result is the
 * event's position.
 */
record RecordOperation(
    Initiator initiator, Event.OperatorEvent event, Optional<RecordDocuments.Document> document)
    implements Command<Long> {
  @Override
  public long weight() {
    return document.map(named -> (long) named.bytes().length).orElse(0L);
  }

  @Override
  public Long decide(Decision decision) {
    document.ifPresent(named -> RecordDocuments.add(decision.handle(), named));
    return decision.append(event, Cause.CONFIGURATION);
  }
}
