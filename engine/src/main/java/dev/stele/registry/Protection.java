package dev.stele.registry;

import dev.stele.log.Command;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.ImmutableTags;
import dev.stele.projection.Hold;
import dev.stele.projection.HoldView;
import dev.stele.projection.Listers;
import dev.stele.projection.Member;
import dev.stele.projection.TagView;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/**
 * What may not go or move since it is held, or since the operator has made tags immutable. Asked in
 * the lane, before anything is appended; where there is no hold at all it costs one look-up. Holds
 * are told before immutable tags, since they outrank everything. Thread-safe.
 */
public final class Protection {
  private static final int PAGE = 1000;

  /** How many that keep a manifest alive are looked at: it is done in the lane. */
  private static final int MOST_KEEPERS = 1000;

  private volatile ImmutableTags immutable;

  Protection(ImmutableTags immutable) {
    this.immutable = immutable;
  }

  /** Says anew which tags clients may neither move nor delete. */
  public void makeImmutable(ImmutableTags tags) {
    immutable = tags;
  }

  /** Names what a command asks here about tags that it may move or delete. */
  public static void needs(Command.Needs needs, RepositoryName repository, Collection<Tag> tags) {
    if (!tags.isEmpty()) {
      needs.need(HoldView.ANY, HoldView.Everywhere.REGISTRY);
      tags.forEach(tag -> needs.need(HoldView.COVERING, new Member<>(repository, tag)));
    }
  }

  /**
   * Why one of these tags may not move.
   *
   * @param targets what they point to
   */
  public Optional<Refusal> againstMoving(
      Command.Decision lane, RepositoryName repository, Map<Tag, Digest> targets) {
    return refusal(repository, targets, holds(lane, repository, targets.keySet()), Hold::freezes);
  }

  /** The same, for who asks outside the lane. */
  public Optional<Refusal> againstMoving(
      Handle handle, RepositoryName repository, Map<Tag, Digest> targets) {
    return refusal(
        repository,
        targets,
        holds(handle, repository, targets.keySet(), targets.values()),
        Hold::freezes);
  }

  /**
   * Why a client may not delete one of these tags.
   *
   * @param targets what they point to
   */
  Optional<Refusal> againstDeleting(
      Command.Decision lane, RepositoryName repository, Map<Tag, Digest> targets) {
    return refusal(repository, targets, holds(lane, repository, targets.keySet()), Hold::keeps);
  }

  private interface Rule {
    boolean forbids(Hold hold, Tag tag, Digest target);
  }

  private Optional<Refusal> refusal(
      RepositoryName repository, Map<Tag, Digest> targets, Collection<Hold> holds, Rule rule) {
    for (Hold hold : holds) {
      for (Map.Entry<Tag, Digest> each : targets.entrySet()) {
        if (rule.forbids(hold, each.getKey(), each.getValue())) {
          return Optional.of(held(repository, each.getKey(), hold));
        }
      }
    }
    return immutable(repository, targets);
  }

  /** Those of several tags, in the order in which they were placed. */
  private static Collection<Hold> holds(
      Command.Decision lane, RepositoryName repository, Collection<Tag> tags) {
    if (tags.isEmpty() || !lane.fact(HoldView.ANY, HoldView.Everywhere.REGISTRY)) {
      return List.of();
    }
    List<Member<Tag>> members = tags.stream().map(tag -> new Member<>(repository, tag)).toList();
    return lane.facts(HoldView.COVERING, members).values().stream()
        .flatMap(List::stream)
        .distinct()
        .sorted(Comparator.comparingLong(hold -> hold.placed().position()))
        .toList();
  }

  /**
   * Why a manifest may not be deleted: it is held, or a tag of it, or what keeps it alive is, such
   * as its subject. If more than {@value #MOST_KEEPERS} keep it alive, or so much lists these that
   * it cannot be told in the lane, any hold in the repository counts as one of one of these.
   */
  static Optional<Refusal> againstDeleting(
      Handle handle, RepositoryName repository, Digest manifest, Listers listers) {
    if (!HoldView.any(handle)) {
      return Optional.empty();
    }
    Optional<Set<Digest>> keepers = listers.keepers(manifest, MOST_KEEPERS);
    List<Hold> holds =
        keepers
            .map(all -> HoldView.keeping(handle, repository, all))
            .orElseGet(() -> HoldView.active(handle, repository));
    return holds.stream()
        .findFirst()
        .map(hold -> new Refusal.Held("manifest " + manifest + " of " + repository, hold));
  }

  /** Why a blob that no manifest uses may not be deleted. */
  static Optional<Refusal> againstDeletingBlob(
      Handle handle, RepositoryName repository, Digest blob) {
    return holds(handle, repository, List.of(), List.of(blob)).stream()
        .findFirst()
        .map(hold -> new Refusal.Held("blob " + blob + " of " + repository, hold));
  }

  private static List<Hold> holds(
      Handle handle, RepositoryName repository, Collection<Tag> tags, Collection<Digest> digests) {
    return HoldView.any(handle) ? HoldView.covering(handle, repository, tags, digests) : List.of();
  }

  private static Refusal held(RepositoryName repository, Tag tag, Hold hold) {
    return new Refusal.Held("tag " + tag + " of " + repository, hold);
  }

  /**
   * What is known of the tags of a manifest.
   *
   * @param refusal why the manifest may not be deleted, if one of them is immutable
   * @param seen if none is: so much for those that moved to it by events up to this position
   */
  record Immutable(Optional<Refusal> refusal, long seen) {}

  /**
   * Looks for an immutable tag among those of a manifest that moved to it after a position. There
   * may be a million of them, so this is asked before the lane, and there only of those since.
   */
  Immutable immutable(Handle handle, RepositoryName repository, Digest digest, long after) {
    long seen = after;
    if (!immutable.concerns(repository)) {
      return new Immutable(Optional.empty(), seen);
    }
    List<TagView.Moved> page;
    do {
      page = TagView.movedTo(handle, repository, digest, seen, PAGE);
      for (TagView.Moved moved : page) {
        if (immutable.includes(repository, moved.tag())) {
          return new Immutable(
              Optional.of(new Refusal.ImmutableTag(repository, moved.tag(), digest)), seen);
        }
        seen = moved.position();
      }
    } while (page.size() == PAGE);
    return new Immutable(Optional.empty(), seen);
  }

  private Optional<Refusal> immutable(RepositoryName repository, Map<Tag, Digest> targets) {
    return targets.entrySet().stream()
        .filter(each -> immutable.includes(repository, each.getKey()))
        .findFirst()
        .map(each -> new Refusal.ImmutableTag(repository, each.getKey(), each.getValue()));
  }
}
