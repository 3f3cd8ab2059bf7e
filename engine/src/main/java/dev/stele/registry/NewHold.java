package dev.stele.registry;

import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.HoldScope;
import dev.stele.policy.Reason;
import java.util.Optional;
import java.util.UUID;

/**
 * A hold to be placed.
 *
 * @param id chosen by whoever places it, so that asking again after a lost answer places no second
 *     one
 * @param freeze whether covered tags may not move either
 * @param reason see {@link Reason#check}
 */
public record NewHold(UUID id, HoldScope scope, boolean freeze, String reason) {
  /**
   * A new hold.
   *
   * @throws IllegalArgumentException if the reason is none, or the scope is a single repository
   *     that can never be there, so that nothing would be held
   */
  public NewHold {
    checkReason(reason);
    Optional<String> only = scope.repositories().only();
    if (only.isPresent()) {
      try {
        RepositoryName.parse(only.get());
      } catch (InvalidNameException e) {
        throw new IllegalArgumentException(
            "repositories can never match anything: " + e.getMessage(), e);
      }
    }
  }

  /**
   * Returns if a text says why a hold is placed or released; see {@link Reason#check}.
   *
   * @throws IllegalArgumentException saying what is wrong with it
   */
  public static void checkReason(String reason) {
    try {
      Reason.check(reason);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("reason " + e.getMessage(), e);
    }
  }
}
