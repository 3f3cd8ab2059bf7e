package dev.stele.registry;

import dev.stele.policy.HoldScope;
import java.util.UUID;

/**
 * A hold to be placed.
 *
 * @param id chosen by whoever places it, so that asking again after a lost answer places no second
 *     one
 * @param freeze whether covered tags may not move either
 * @param reason see {@link #checkReason}
 */
public record NewHold(UUID id, HoldScope scope, boolean freeze, String reason) {
  /** How many characters a reason may have. */
  public static final int LONGEST_REASON = 1000;

  /**
   * A new hold.
   *
   * @throws IllegalArgumentException if the reason is none
   */
  public NewHold {
    checkReason(reason);
  }

  /**
   * Returns if a text says why a hold is placed or released: it has 1 to {@value #LONGEST_REASON}
   * characters and no control characters but tabs and line ends.
   *
   * @throws IllegalArgumentException saying what is wrong with it
   */
  public static void checkReason(String reason) {
    if (reason.isBlank()) {
      throw new IllegalArgumentException("reason must say why, for whoever reads the record");
    }
    if (reason.codePointCount(0, reason.length()) > LONGEST_REASON) {
      throw new IllegalArgumentException(
          "reason has at most " + LONGEST_REASON + " characters; refer to a document instead");
    }
    if (!reason
        .codePoints()
        .allMatch(
            c ->
                c == '\n'
                    || c == '\r'
                    || c == '\t'
                    || (!Character.isISOControl(c)
                        && Character.getType(c) != Character.SURROGATE))) {
      throw new IllegalArgumentException(
          "reason must be text: no control characters but tabs and line ends");
    }
  }
}
