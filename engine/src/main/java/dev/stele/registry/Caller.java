package dev.stele.registry;

import dev.stele.event.Identity;
import dev.stele.event.Origin;
import java.util.Optional;

/**
 * Who asks, for the record.
 *
 * @param requestId of the HTTP request or the like; at most 128 characters are recorded
 * @param reason why, in their words; see {@link dev.stele.policy.Reason#check}. Every event that
 *     follows from what is asked has it in its cause
 * @param movesTags whether they may move a tag that is there; who may not can make new ones
 */
public record Caller(
    Identity identity,
    Origin origin,
    String requestId,
    Optional<String> reason,
    boolean movesTags) {
  /**
   * Somebody.
   *
   * @throws IllegalArgumentException if the reason is none
   */
  public Caller {
    if (requestId.length() > 128) {
      requestId = requestId.substring(0, 128);
    }
    reason.ifPresent(NewHold::checkReason);
  }

  /** Somebody who may do what they like, and does not say why. */
  public Caller(Identity identity, Origin origin, String requestId) {
    this(identity, origin, requestId, Optional.empty(), true);
  }

  /** A user, of whose origin nothing is known. */
  public Caller(String user, String requestId) {
    this(Identity.user(user), Origin.NONE, requestId);
  }

  /** The name, as the access policy knows it. */
  public String name() {
    return identity.name();
  }

  /**
   * The same, who says why.
   *
   * @throws IllegalArgumentException if the reason is none
   */
  public Caller because(Optional<String> why) {
    return new Caller(identity, origin, requestId, why, movesTags);
  }

  /** The same, who may not move tags. */
  public Caller withoutMovingTags() {
    return new Caller(identity, origin, requestId, reason, false);
  }
}
