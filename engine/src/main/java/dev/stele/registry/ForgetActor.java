package dev.stele.registry;

import dev.stele.event.ActorId;
import dev.stele.event.Commitment;
import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;

/**
 * Records that somebody is forgotten and gives up what their events commit to, unless they are
 * already. The result is whether that changed anything.
 */
record ForgetActor(Initiator initiator, Commitment actor) implements Command<Boolean> {
  @Override
  public Boolean decide(Decision decision) {
    ActorId id = ActorId.of(actor);
    boolean known =
        decision
            .handle()
            .createQuery("SELECT EXISTS (SELECT FROM actor WHERE id = :id AND opening IS NOT NULL)")
            .bind("id", id.value())
            .mapTo(Boolean.class)
            .one();
    if (!known) {
      return false;
    }
    long position = decision.append(new Event.ActorForgotten(actor));
    decision
        .handle()
        .createUpdate(
            "UPDATE actor SET opening = NULL, name = NULL, forgotten_position = :position WHERE id"
                + " = :id")
        .bind("position", position)
        .bind("id", id.value())
        .execute();
    return true;
  }
}
