package dev.stele.registry;

import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import java.util.Optional;
import java.util.UUID;

/** Records that an operator makes a store this log's. The result is the event's position. */
record TakeStoreOver(Initiator initiator, String store, Optional<UUID> previousLog)
    implements Command<Long> {
  @Override
  public Long decide(Decision decision) {
    return decision.append(new Event.StoreTakenOver(store, previousLog));
  }
}
