package dev.stele.registry;

import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.RepositoryView;
import dev.stele.projection.TagView;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Deletes one tag, unless it is protected; the manifest stays. The result is the digest that the
 * tag pointed to.
 */
record DeleteTag(
    Initiator initiator,
    RepositoryName repository,
    Tag tag,
    Protection protection,
    Precondition precondition)
    implements Command<Outcome<Digest>> {

  @Override
  public void needs(Needs needs) {
    needs.repository(repository);
    needs.need(RepositoryView.EXISTS, repository);
    TagView.needs(needs, repository, List.of(tag));
    Protection.needs(needs, repository, List.of(tag));
  }

  @Override
  public Outcome<Digest> decide(Decision decision) {
    Digest digest = TagView.standing(decision, repository, List.of(tag)).targets().get(tag);
    if (digest == null) {
      return Outcome.refused(
          decision.fact(RepositoryView.EXISTS, repository)
              ? new Refusal.UnknownManifest(repository, tag)
              : new Refusal.UnknownRepository(repository));
    }
    Optional<Refusal> protectedTag =
        protection.againstDeleting(decision, repository, Map.of(tag, digest));
    if (protectedTag.isPresent()) {
      return Outcome.refused(protectedTag.get());
    }
    if (precondition.failed(Optional.of(digest)).isPresent()) {
      return Outcome.refused(new Refusal.PreconditionFailed(repository, tag, Optional.of(digest)));
    }
    decision.append(new Event.TagDeleted(repository, tag, digest));
    return Outcome.ok(digest);
  }
}
