package dev.stele.registry;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.projection.RecordDocuments;
import java.util.Optional;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/**
 * Records what happened to a server, with the document that the event names. The result is the
 * event's position.
 *
 * @param event as it follows from what is on record
 */
record RecordOperation(
    Initiator initiator,
    Function<Handle, Event.OperatorEvent> event,
    Optional<RecordDocuments.Document> document)
    implements Command<Long> {
  @Override
  public long weight() {
    return document.map(named -> (long) named.bytes().length).orElse(0L);
  }

  @Override
  public Long decide(Decision decision) {
    document.ifPresent(named -> RecordDocuments.add(decision.handle(), named));
    return decision.append(event.apply(decision.handle()), Cause.CONFIGURATION);
  }
}
