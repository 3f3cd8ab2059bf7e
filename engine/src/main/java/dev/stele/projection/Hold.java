package dev.stele.projection;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.HoldScope;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * A hold that was placed, and perhaps released.
 *
 * @param freeze whether covered tags may not move either
 * @param reason why it was placed
 */
public record Hold(
    UUID id,
    HoldScope scope,
    boolean freeze,
    String reason,
    Act placed,
    Optional<Release> release) {

  /**
   * When something was done, and by whom.
   *
   * @param actor the name; absent if that person was forgotten
   */
  public record Act(long position, Instant at, Optional<String> actor) {}

  /**
   * The end of a hold, and why.
   *
   * @param by all whom it took, in the order in which they asked; of somebody who was forgotten
   *     nothing is said
   */
  public record Release(Act act, String reason, List<String> by) {
    public Release {
      by = List.copyOf(by);
    }
  }

  /** Whether the events below a position placed it and did not release it. */
  public boolean activeBelow(long position) {
    return placed.position() < position
        && release.filter(end -> end.act().position() < position).isEmpty();
  }

  /** Whether the events up to a time placed it and did not release it. */
  public boolean activeAt(Instant time) {
    return !placed.at().isAfter(time)
        && release.filter(end -> !end.act().at().isAfter(time)).isEmpty();
  }

  /** Whether it covers something of a repository, or all of it. */
  boolean concerns(RepositoryName repository) {
    return scope.repositories().matches(repository);
  }

  /**
   * Whether it keeps a tag of a repository that it concerns.
   *
   * @param target what the tag points to
   */
  public boolean keeps(Tag tag, Digest target) {
    return scope.whole() || scope.tag().equals(Optional.of(tag)) || freezesTagsOf(target);
  }

  /**
   * Whether it keeps a tag of a repository that it concerns from moving.
   *
   * @param target what the tag points to
   */
  public boolean freezes(Tag tag, Digest target) {
    return freeze && keeps(tag, target);
  }

  private boolean freezesTagsOf(Digest target) {
    return freeze && scope.digest().equals(Optional.of(target));
  }
}
