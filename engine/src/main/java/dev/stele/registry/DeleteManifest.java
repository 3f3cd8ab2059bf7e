package dev.stele.registry;

import dev.stele.event.ActorId;
import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.gc.Leases;
import dev.stele.log.Command;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.ManifestView;
import dev.stele.projection.RepositoryView;
import dev.stele.projection.TagView;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Deletes a manifest and all tags that point to it, unless a present index lists it or any of this
 * is protected.
 *
 * @param onlyTag whether to refuse when more than one tag points to it
 */
record DeleteManifest(
    ActorId actor,
    String requestId,
    RepositoryName repository,
    Digest digest,
    boolean onlyTag,
    Protection protection)
    implements Command<Outcome<Digest>> {

  @Override
  public Outcome<Digest> decide(Decision decision) {
    if (ManifestView.byDigest(decision.handle(), repository, digest).isEmpty()) {
      return Outcome.refused(
          RepositoryView.exists(decision.handle(), repository)
              ? new Refusal.UnknownManifest(repository, new Reference.ByDigest(digest))
              : new Refusal.UnknownRepository(repository));
    }
    List<Digest> indexes =
        ManifestView.referringTo(decision.handle(), repository, digest, ManifestView.Kind.MANIFEST);
    if (!indexes.isEmpty()) {
      return Outcome.refused(new Refusal.ManifestReferenced(digest, indexes));
    }
    List<Tag> tags = TagView.pointingTo(decision.handle(), repository, digest);
    if (onlyTag && tags.size() > 1) {
      return Outcome.refused(new Refusal.SeveralTags(digest, tags));
    }
    Optional<Refusal> protectedContent =
        protection
            .againstDeleting(
                decision.handle(),
                repository,
                tags.stream().collect(Collectors.toMap(Function.identity(), _ -> digest)))
            .or(() -> Protection.againstDeleting(decision.handle(), repository, digest));
    if (protectedContent.isPresent()) {
      return Outcome.refused(protectedContent.get());
    }
    for (Tag tag : tags) {
      decision.append(
          new Event.TagDeleted(repository, tag, digest), Cause.digestDelete(digest.toString()));
    }
    Leases.forgetDeleted(decision.handle(), repository, digest);
    decision.append(new Event.ManifestDeleted(repository, digest));
    return Outcome.ok(digest);
  }
}
