package dev.stele.registry;

import java.util.function.Function;

/**
 * What came of a request: its result, or the reason why it was refused. Unforeseen trouble is an
 * exception instead.
 */
public sealed interface Outcome<T> {
  record Ok<T>(T value) implements Outcome<T> {}

  record Refused<T>(Refusal refusal) implements Outcome<T> {}

  static <T> Outcome<T> ok(T value) {
    return new Ok<>(value);
  }

  static <T> Outcome<T> refused(Refusal refusal) {
    return new Refused<>(refusal);
  }

  /** The value, or the exception made of the refusal. */
  default <X extends Throwable> T orElseThrow(Function<Refusal, X> exception) throws X {
    return switch (this) {
      case Ok<T>(T value) -> value;
      case Refused<T>(Refusal refusal) -> throw exception.apply(refusal);
    };
  }
}
