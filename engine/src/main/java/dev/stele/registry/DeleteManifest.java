package dev.stele.registry;

import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.Listers;
import dev.stele.projection.ManifestView;
import dev.stele.projection.RepositoryView;
import dev.stele.projection.TagView;
import java.util.List;
import java.util.Optional;

/**
 * Deletes a manifest and all tags that point to it, unless a present manifest lists it or any of
 * this is protected. The tags are gone at once, however many; the first of them are recorded to be
 * here, and the others by {@link DeleteTagsOfManifest} after that.
 *
 * @param onlyTag whether to refuse when more than one tag points to it
 * @param seen the tags that moved to it by events up to this position are known not to be immutable
 */
record DeleteManifest(
    Initiator initiator,
    RepositoryName repository,
    Digest digest,
    boolean onlyTag,
    Protection protection,
    long seen,
    Precondition precondition)
    implements Command<Outcome<Digest>> {
  /** How many of several tags a refusal names. */
  private static final int MOST_NAMED = 10;

  @Override
  public Outcome<Digest> decide(Decision decision) {
    if (ManifestView.byDigest(decision.handle(), repository, digest).isEmpty()) {
      return Outcome.refused(
          RepositoryView.exists(decision.handle(), repository)
              ? new Refusal.UnknownManifest(repository, new Reference.ByDigest(digest))
              : new Refusal.UnknownRepository(repository));
    }
    Listers listers = new Listers(decision.handle(), repository);
    List<Digest> listing = listers.of(digest, Refusal.Referenced.MOST_NAMED);
    if (!listing.isEmpty()) {
      return Outcome.refused(new Refusal.Referenced(digest, listing));
    }
    List<Tag> tags =
        TagView.movedTo(decision.handle(), repository, digest, -1, DeleteTagsOfManifest.MOST)
            .stream()
            .map(TagView.Moved::tag)
            .toList();
    if (onlyTag && tags.size() > 1) {
      return Outcome.refused(
          new Refusal.SeveralTags(digest, tags.stream().sorted().limit(MOST_NAMED).toList()));
    }
    Optional<Refusal> protectedContent =
        Protection.againstDeleting(decision.handle(), repository, digest, listers)
            .or(() -> protection.immutable(decision.handle(), repository, digest, seen).refusal());
    if (protectedContent.isPresent()) {
      return Outcome.refused(protectedContent.get());
    }
    if (precondition.failed(Optional.of(digest)).isPresent()) {
      return Outcome.refused(
          new Refusal.PreconditionFailed(
              repository, new Reference.ByDigest(digest), Optional.of(digest)));
    }
    decision.append(new Event.ManifestDeleted(repository, digest));
    DeleteTagsOfManifest.append(decision, repository, digest, tags);
    return Outcome.ok(digest);
  }
}
