package dev.stele.registry;

import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.projection.Session;
import dev.stele.projection.SessionView;
import java.util.Optional;

/** Ends a session that has not expired; the result is the session as it was. */
record EndSession(Initiator initiator, String id) implements Command<Outcome<Session>> {

  @Override
  public Outcome<Session> decide(Decision decision) {
    Optional<Session> session =
        SessionView.find(decision.handle(), id).filter(there -> there.countsAt(decision.now()));
    if (session.isEmpty()) {
      return Outcome.refused(new Refusal.UnknownSession(id));
    }
    decision.append(new Event.SessionEnded(id, session.get().user()));
    return Outcome.ok(session.get());
  }
}
