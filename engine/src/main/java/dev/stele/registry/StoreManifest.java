package dev.stele.registry;

import dev.stele.event.ActorId;
import dev.stele.event.Event;
import dev.stele.gc.Leases;
import dev.stele.log.Command;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.Manifest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.ManifestDocuments;
import dev.stele.projection.ManifestView;
import dev.stele.projection.RepositoryView;
import dev.stele.projection.TagView;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Puts a manifest that has been read and whose digest has been computed, and moves tags to it,
 * unless one of them is protected.
 */
record StoreManifest(
    ActorId actor,
    String requestId,
    RepositoryName repository,
    Digest digest,
    Manifest manifest,
    ManifestDocuments.Document document,
    List<Tag> tags,
    ManifestDocuments documents,
    boolean sparse,
    Protection protection,
    Precondition precondition)
    implements Command<Outcome<PutManifest>> {

  @Override
  public long weight() {
    return document.bytes().length;
  }

  @Override
  public Outcome<PutManifest> decide(Decision decision) {
    if (!sparse) {
      List<Digest> blobs = missingBlobs(decision);
      List<Digest> children = missingChildren(decision);
      if (!blobs.isEmpty() || !children.isEmpty()) {
        return Outcome.refused(new Refusal.MissingContent(blobs, children));
      }
    }
    TagView.Standing standing =
        tags.isEmpty()
            ? TagView.Standing.NONE
            : TagView.standing(decision.handle(), repository, tags);
    Map<Tag, Digest> targets = standing.targets();
    Map<Tag, Digest> moving = new HashMap<>(targets);
    moving.values().removeIf(digest::equals);
    Optional<Refusal> protectedTag =
        protection.againstMoving(decision.handle(), repository, moving);
    if (protectedTag.isPresent()) {
      return Outcome.refused(protectedTag.get());
    }
    boolean added = ManifestView.byDigest(decision.handle(), repository, digest).isEmpty();
    Optional<Refusal> conflict = conflict(targets, added);
    if (conflict.isPresent()) {
      return Outcome.refused(conflict.get());
    }
    if (added) {
      documents.add(decision.handle(), digest, document);
      if (!RepositoryView.exists(decision.handle(), repository)) {
        decision.append(new Event.RepositoryCreated(repository));
      }
    } else {
      Leases.renew(decision.handle(), repository, digest);
    }
    BuriedTags.settle(decision, repository, standing);
    Optional<Digest> subject = manifest.subject().map(Descriptor::digest);
    decision.append(
        new Event.ManifestPut(
            repository,
            digest,
            document.mediaType(),
            document.bytes().length,
            subject,
            added,
            tags));
    moveTags(decision, targets);
    return Outcome.ok(new PutManifest(digest, subject, tags));
  }

  /** The precondition is about every tag that is to point here; without one, about the manifest. */
  private Optional<Refusal> conflict(Map<Tag, Digest> targets, boolean added) {
    if (tags.isEmpty()) {
      Optional<Digest> current = added ? Optional.empty() : Optional.of(digest);
      return precondition
          .failed(current)
          .map(
              _ ->
                  new Refusal.PreconditionFailed(
                      repository, new Reference.ByDigest(digest), current));
    }
    return tags.stream()
        .filter(tag -> precondition.failed(Optional.ofNullable(targets.get(tag))).isPresent())
        .findFirst()
        .map(
            tag ->
                new Refusal.PreconditionFailed(
                    repository, tag, Optional.ofNullable(targets.get(tag))));
  }

  private void moveTags(Decision decision, Map<Tag, Digest> targets) {
    for (Tag tag : tags) {
      Optional<Digest> previous = Optional.ofNullable(targets.get(tag));
      if (!previous.equals(Optional.of(digest))) {
        decision.append(new Event.TagMoved(repository, tag, digest, previous));
      }
    }
  }

  private List<Digest> missingBlobs(Decision decision) {
    return missing(
        decision,
        "SELECT true FROM blob_link WHERE repository = :repository AND digest = wanted.digest",
        Stream.concat(manifest.config().stream(), manifest.layers().stream())
            .filter(descriptor -> !MediaTypes.nonDistributable(descriptor.mediaType())));
  }

  private List<Digest> missingChildren(Decision decision) {
    return missing(
        decision,
        "SELECT true FROM manifest WHERE repository = :repository AND digest = wanted.digest",
        manifest.manifests().stream());
  }

  private List<Digest> missing(Decision decision, String present, Stream<Descriptor> wanted) {
    List<String> digests =
        wanted.map(descriptor -> descriptor.digest().toString()).distinct().toList();
    if (digests.isEmpty()) {
      return List.of();
    }
    // A scalar subquery, so that the plan is a look-up a digest and never a join over the
    // repository.
    return decision
        .handle()
        .createQuery(
            """
            SELECT wanted.digest
            FROM unnest(:digests::text[]) AS wanted (digest)
            WHERE (%s) IS NULL
            """
                .formatted(present))
        .bind("repository", repository.value())
        .bindArray("digests", String.class, digests)
        .map((row, _) -> Digest.parse(row.getString(1)))
        .list();
  }
}
