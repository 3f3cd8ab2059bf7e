package dev.stele.gc;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.oci.RepositoryName;
import java.util.Set;

/**
 * Removes a repository that clients emptied, if it still is and is not held. The result says
 * whether it did.
 */
record RemoveRepository(Initiator initiator, RepositoryName repository)
    implements Command<Boolean> {

  @Override
  public Boolean decide(Decision decision) {
    if (!EmptyRepository.after(decision.handle(), repository, Set.of(), Set.of())
        || HeldContent.whole(decision.handle(), repository)) {
      return false;
    }
    decision.append(new Event.RepositoryRemoved(repository), Cause.COLLECTOR);
    return true;
  }
}
