package dev.stele.registry;

import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.RepositoryView;

/** Creates a repository with nothing in it. The result says whether there was none. */
record CreateRepository(Initiator initiator, RepositoryName repository)
    implements Command<Boolean> {

  @Override
  public void needs(Needs needs) {
    needs.repository(repository);
    needs.need(RepositoryView.EXISTS, repository);
  }

  @Override
  public Boolean decide(Decision decision) {
    if (decision.fact(RepositoryView.EXISTS, repository)) {
      return false;
    }
    decision.append(new Event.RepositoryCreated(repository));
    return true;
  }
}
