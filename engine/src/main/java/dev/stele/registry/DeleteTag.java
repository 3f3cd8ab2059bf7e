package dev.stele.registry;

import dev.stele.event.ActorId;
import dev.stele.event.Event;
import dev.stele.log.Command;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.RepositoryView;
import dev.stele.projection.TagView;
import java.util.List;

/** Deletes one tag; the manifest stays. The result is the digest that the tag pointed to. */
record DeleteTag(ActorId actor, String requestId, RepositoryName repository, Tag tag)
    implements Command<Outcome<Digest>> {

  @Override
  public Outcome<Digest> decide(Decision decision) {
    Digest digest = TagView.targets(decision.handle(), repository, List.of(tag)).get(tag);
    if (digest == null) {
      return Outcome.refused(
          RepositoryView.exists(decision.handle(), repository)
              ? new Refusal.UnknownManifest(repository, tag)
              : new Refusal.UnknownRepository(repository));
    }
    decision.append(new Event.TagDeleted(repository, tag, digest));
    return Outcome.ok(digest);
  }
}
