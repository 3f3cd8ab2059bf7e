package dev.stele.restore;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.BlobView;
import dev.stele.projection.ManifestView;
import dev.stele.projection.RepositoryView;
import dev.stele.projection.TagView;
import dev.stele.registry.BuriedTags;
import dev.stele.registry.Outcome;
import dev.stele.registry.Protection;
import dev.stele.registry.Refusal;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/**
 * Links blobs whose bytes a store still has, puts manifests again, and points tags to them, all of
 * it or nothing. What is there by now is left as it is. The result is false if something that is
 * needed has gone since the plan was made; then nothing happened.
 *
 * @param restoredFrom the position that it all is restored from
 * @param store the repository's
 * @param manifests each after those that it lists
 * @param absentThen what they may refer to though it is not there
 */
record RestoreContent(
    Initiator initiator,
    RepositoryName repository,
    long restoredFrom,
    String store,
    List<Digest> blobs,
    List<Closure.Node> manifests,
    Map<Tag, Digest> tags,
    Set<Digest> absentThen,
    Protection protection)
    implements Command<Outcome<Boolean>> {

  @Override
  public Outcome<Boolean> decide(Decision decision) {
    Handle handle = decision.handle();
    Set<Digest> needed = new HashSet<>(blobs);
    manifests.forEach(node -> needed.addAll(node.blobs()));
    Set<Digest> links = BlobView.linked(handle, repository, needed);
    List<Digest> linking = blobs.stream().filter(blob -> !links.contains(blob)).toList();
    Set<Digest> present = presentManifests(handle);
    if (!BlobView.whole(handle, linking, store).containsAll(linking) || lacking(links, present)) {
      return Outcome.ok(false);
    }
    TagView.Standing standing = TagView.standing(decision, repository, tags.keySet());
    Map<Tag, Digest> moving = new HashMap<>(standing.targets());
    moving.entrySet().removeIf(each -> each.getValue().equals(tags.get(each.getKey())));
    Optional<Refusal> forbidden = protection.againstMoving(decision, repository, moving);
    if (forbidden.isPresent()) {
      return Outcome.refused(forbidden.get());
    }
    append(decision, linking, present, standing);
    return Outcome.ok(true);
  }

  private Set<Digest> presentManifests(Handle handle) {
    Set<Digest> asked = new HashSet<>(tags.values());
    for (Closure.Node node : manifests) {
      asked.add(node.manifest().digest());
      asked.addAll(node.children());
      asked.addAll(node.blobs());
    }
    return ManifestView.present(handle, repository, asked);
  }

  /** Whether a manifest or a tag would refer to what is neither there nor coming. */
  private boolean lacking(Set<Digest> links, Set<Digest> present) {
    Set<Digest> there = new HashSet<>(present);
    for (Closure.Node node : manifests) {
      there.add(node.manifest().digest());
    }
    if (!there.containsAll(tags.values())) {
      return true;
    }
    there.addAll(links);
    there.addAll(blobs);
    there.addAll(absentThen);
    return !manifests.stream()
        .allMatch(node -> there.containsAll(node.blobs()) && there.containsAll(node.children()));
  }

  private void append(
      Decision decision, List<Digest> linking, Set<Digest> present, TagView.Standing standing) {
    BuriedTags.settle(decision, repository, standing);
    Cause cause = Cause.restore(restoredFrom);
    if (!RepositoryView.exists(decision.handle(), repository)) {
      decision.append(new Event.RepositoryCreated(repository), cause);
    }
    for (Digest blob : linking) {
      decision.append(new Event.BlobMounted(repository, blob, Optional.empty(), true), cause);
    }
    for (Closure.Node node : manifests) {
      if (!present.contains(node.manifest().digest())) {
        decision.append(
            new Event.ManifestPut(
                repository,
                node.manifest().digest(),
                node.manifest().mediaType(),
                node.manifest().size(),
                node.manifest().subject(),
                true,
                List.of()),
            cause);
      }
    }
    tags.forEach(
        (tag, digest) -> {
          Optional<Digest> previous = Optional.ofNullable(standing.targets().get(tag));
          if (!previous.equals(Optional.of(digest))) {
            decision.append(
                new Event.TagRestored(repository, tag, digest, previous, restoredFrom), cause);
          }
        });
  }
}
