package dev.stele.server.http;

import dev.stele.policy.AccessPolicy.Action;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What whoever sends a request must be allowed to do. Every method at every address has one.
 *
 * @param action absent where no right is needed, or to have signed in is enough
 * @param instead rights of which each does as well
 */
public record Need(Scope scope, Optional<Action> action, List<Action> instead) {
  public Need {
    instead = List.copyOf(instead);
  }

  private Need(Scope scope, Optional<Action> action) {
    this(scope, action, List.of());
  }

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
    /** Where what the answer names is, from which all else is left out. */
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

  /** A right, or any of some others, where that is which is listed. */
  public static Need filtered(Action action, Action... instead) {
    return new Need(Scope.FILTERED, Optional.of(action), List.of(instead));
  }

  /** A right that the handler asks about, once it knows where it is needed. */
  public static Need byBody(Action action) {
    return new Need(Scope.BODY, Optional.of(action));
  }

  /** Of the same scope, another right. */
  public Need of(Action other) {
    return new Need(scope, Optional.of(other));
  }

  /** All rights of which any does. */
  Stream<Action> any() {
    return Stream.concat(action.stream(), instead.stream());
  }

  /** A right everywhere. */
  public static Need everywhere(Action action) {
    return new Need(Scope.EVERYWHERE, Optional.of(action));
  }
}
