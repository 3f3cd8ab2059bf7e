package dev.stele.registry;

import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.gc.Leases;
import dev.stele.log.Command;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.Manifest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.BlobView;
import dev.stele.projection.ManifestDocuments;
import dev.stele.projection.ManifestView;
import dev.stele.projection.Member;
import dev.stele.projection.RepositoryView;
import dev.stele.projection.TagView;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Puts a manifest that has been read and whose digest has been computed, and moves tags to it,
 * unless one of them is protected, or who puts it may only make new ones. What it lists must be
 * there, as a blob or as a manifest, and of the size that it states; what need not be there, or is
 * not and may be missing, has any size.
 */
record StoreManifest(
    Initiator initiator,
    RepositoryName repository,
    Digest digest,
    Manifest manifest,
    String mediaType,
    byte[] bytes,
    List<Tag> tags,
    ManifestDocuments documents,
    boolean sparse,
    Protection protection,
    boolean movesTags,
    Precondition precondition)
    implements Command<Outcome<PutManifest>> {

  @Override
  public long weight() {
    return bytes.length;
  }

  @Override
  public void needs(Needs needs) {
    needs.need(ManifestView.PRESENT, here(digest));
    needs.repository(repository);
    needs.need(RepositoryView.EXISTS, repository);
    for (Digest each : named()) {
      needs.need(ManifestView.PRESENT, here(each));
      needs.need(BlobView.LINKED, here(each));
      needs.need(BlobView.SIZE, each);
    }
    TagView.needs(needs, repository, tags);
    Protection.needs(needs, repository, tags);
  }

  private Member<Digest> here(Digest each) {
    return new Member<>(repository, each);
  }

  @Override
  public Outcome<PutManifest> decide(Decision decision) {
    Optional<ManifestView.Present> present = decision.fact(ManifestView.PRESENT, here(digest));
    if (present.isPresent() && !present.get().mediaType().equals(mediaType)) {
      return Outcome.refused(
          new Refusal.InvalidManifest(
              "%s has %s as %s; in one repository the same bytes have one type"
                  .formatted(repository, digest, present.get().mediaType())));
    }
    Optional<Refusal> content = againstContent(sizes(decision));
    if (content.isPresent()) {
      return Outcome.refused(content.get());
    }
    TagView.Standing standing = TagView.standing(decision, repository, tags);
    Map<Tag, Digest> targets = standing.targets();
    Map<Tag, Digest> moving = new HashMap<>(targets);
    moving.values().removeIf(digest::equals);
    Optional<Refusal> protectedTag = protection.againstMoving(decision, repository, moving);
    if (protectedTag.isPresent()) {
      return Outcome.refused(protectedTag.get());
    }
    if (!movesTags && !moving.isEmpty()) {
      Tag first = tags.stream().filter(moving::containsKey).findFirst().orElseThrow();
      return Outcome.refused(new Refusal.TagMayNotMove(repository, first, moving.get(first)));
    }
    boolean added = present.isEmpty();
    Optional<Refusal> conflict = conflict(targets, added);
    if (conflict.isPresent()) {
      return Outcome.refused(conflict.get());
    }
    if (added) {
      decision.write(documents, new ManifestDocuments.Document(digest, manifest, bytes));
      if (!decision.fact(RepositoryView.EXISTS, repository)) {
        decision.append(new Event.RepositoryCreated(repository));
      }
    } else {
      decision.write(Leases.RENEWAL, here(digest));
    }
    BuriedTags.settle(decision, repository, standing);
    Optional<Digest> subject = manifest.subject().map(Descriptor::digest);
    decision.append(
        new Event.ManifestPut(repository, digest, mediaType, bytes.length, subject, added, tags));
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

  private Set<Digest> named() {
    return Stream.concat(
            manifest.references().stream(), manifest.subject().map(Descriptor::digest).stream())
        .collect(Collectors.toSet());
  }

  /** What the repository has of what the manifest names, as a manifest or as a blob. */
  private Map<Digest, Long> sizes(Decision decision) {
    Set<Digest> named = named();
    List<Member<Digest>> here = named.stream().map(this::here).toList();
    Map<Member<Digest>, Optional<ManifestView.Present>> manifests =
        decision.facts(ManifestView.PRESENT, here);
    Map<Member<Digest>, Boolean> linked = decision.facts(BlobView.LINKED, here);
    Map<Digest, OptionalLong> stored = decision.facts(BlobView.SIZE, named);
    Map<Digest, Long> sizes = new HashMap<>();
    for (Member<Digest> each : here) {
      manifests
          .get(each)
          .ifPresentOrElse(
              present -> sizes.put(each.item(), present.size()),
              () -> {
                if (linked.get(each)) {
                  stored.get(each.item()).ifPresent(size -> sizes.put(each.item(), size));
                }
              });
    }
    return sizes;
  }

  /** Why what the manifest names is not what the repository has. */
  private Optional<Refusal> againstContent(Map<Digest, Long> sizes) {
    List<Digest> missing =
        manifest.listed().stream()
            .filter(each -> !sparse && !each.elsewhere() && !sizes.containsKey(each.digest()))
            .map(Manifest.Listed::digest)
            .distinct()
            .toList();
    if (!missing.isEmpty()) {
      return Optional.of(new Refusal.MissingContent(missing));
    }
    return Stream.concat(
            manifest.listed().stream().map(each -> size(each.where(), each.descriptor(), sizes)),
            manifest.subject().stream().map(subject -> size("subject", subject, sizes)))
        .flatMap(Optional::stream)
        .findFirst();
  }

  private static Optional<Refusal> size(
      String where, Descriptor descriptor, Map<Digest, Long> sizes) {
    long actual = sizes.getOrDefault(descriptor.digest(), descriptor.size());
    return actual == descriptor.size()
        ? Optional.empty()
        : Optional.of(
            new Refusal.InvalidManifest(
                "%s.size says %d bytes, but %s has %d"
                    .formatted(where, descriptor.size(), descriptor.digest(), actual)));
  }
}
