package dev.stele.registry;

import java.util.Optional;

/**
 * Who asks, for the record.
 *
 * @param actor the authenticated user's name, or {@link #ANONYMOUS}
 * @param requestId of the HTTP request or the like; at most 128 characters are recorded
 * @param reason why, in their words; see {@link dev.stele.policy.Reason#check}. Every event that
 *     follows from what is asked has it in its cause
 * @param movesTags whether they may move a tag that is there; who may not can make new ones
 */
public record Caller(String actor, String requestId, Optional<String> reason, boolean movesTags) {
  public static final String ANONYMOUS = "anonymous";

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

  /** Somebody who does not say why. */
  public Caller(String actor, String requestId) {
    this(actor, requestId, Optional.empty(), true);
  }

  /**
   * The same, who says why.
   *
   * @throws IllegalArgumentException if the reason is none
   */
  public Caller because(Optional<String> why) {
    return new Caller(actor, requestId, why, movesTags);
  }

  /** The same, who may not move tags. */
  public Caller withoutMovingTags() {
    return new Caller(actor, requestId, reason, false);
  }
}
