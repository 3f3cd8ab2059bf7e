package dev.stele.server.http;

import dev.stele.policy.AccessPolicy.Action;
import java.util.Optional;

/**
 * What whoever sends a request must be allowed to do. Every method at every address has one.
 *
 * @param action absent where no right is needed, or to have signed in is enough
 */
public record Need(Scope scope, Optional<Action> action) {
  /** Where the right must be had. */
  public enum Scope {
    /** Nothing is needed: whoever asks has no credentials, such as a probe. */
    NOTHING,
    /** Whoever asks must have signed in, or there is something that even strangers may do. */
    ENTRY,
    /** In the repository that the address names. */
    REPOSITORY,
    /** In the repository that the parameter {@code repository} names, or else everywhere. */
    CONFINED,
    /** In every repository that the answer names, from which others are left out. */
    FILTERED,
    /** Where the body says, which its handler asks about. */
    BODY,
    /** In every repository. */
    EVERYWHERE
  }

  /** No right at all, nor to have signed in. */
  public static final Need NOTHING = new Need(Scope.NOTHING, Optional.empty());

  /** To be let in. */
  public static final Need ENTRY = new Need(Scope.ENTRY, Optional.empty());

  /** A right in the repository of the address. */
  public static Need inRepository(Action action) {
    return new Need(Scope.REPOSITORY, Optional.of(action));
  }

  /** A right in the one repository that is asked about. */
  public static Need confined(Action action) {
    return new Need(Scope.CONFINED, Optional.of(action));
  }

  /** A right in the repositories that are listed. */
  public static Need filtered(Action action) {
    return new Need(Scope.FILTERED, Optional.of(action));
  }

  /** A right that the handler asks about, once it knows where it is needed. */
  public static Need byBody(Action action) {
    return new Need(Scope.BODY, Optional.of(action));
  }

  /** A right everywhere. */
  public static Need everywhere(Action action) {
    return new Need(Scope.EVERYWHERE, Optional.of(action));
  }
}
