package dev.stele.registry;

import dev.stele.oci.Digest;
import java.util.Optional;
import java.util.Set;

/**
 * What must be true of a tag or of content for a request about it to be carried out: RFC 9110's
 * If-Match and If-None-Match (sections 13.1.1 and 13.1.2), over digests. A write decides it in the
 * lane, so of any number that move one tag from the same digest, one does. As that RFC has it
 * (section 13.2.1), what is refused anyway is refused for its own reason. Immutable and
 * thread-safe.
 *
 * @param match what it must be; absent: anything or nothing
 * @param noneMatch what it must not be; absent: anything or nothing
 */
public record Precondition(Optional<Selection> match, Optional<Selection> noneMatch) {
  /** Whatever is there. */
  public static final Precondition NONE = new Precondition(Optional.empty(), Optional.empty());

  /** There is nothing yet. */
  public static final Precondition ABSENT =
      new Precondition(Optional.empty(), Optional.of(new Selection.Anything()));

  /** There is something. */
  public static final Precondition PRESENT =
      new Precondition(Optional.of(new Selection.Anything()), Optional.empty());

  /** It is this digest. */
  public static Precondition at(Digest digest) {
    return new Precondition(Optional.of(new Selection.AnyOf(Set.of(digest))), Optional.empty());
  }

  /** What a condition speaks of. */
  public sealed interface Selection {
    /** Whatever there is; written as {@code *}. */
    record Anything() implements Selection {}

    /** Any of these; none at all if what was listed is no digest, and so nothing here. */
    record AnyOf(Set<Digest> digests) implements Selection {
      public AnyOf {
        digests = Set.copyOf(digests);
      }
    }

    /** Whether it speaks of what is there now. */
    private boolean includes(Optional<Digest> current) {
      return switch (this) {
        case Anything() -> current.isPresent();
        case AnyOf(Set<Digest> digests) -> current.filter(digests::contains).isPresent();
      };
    }
  }

  /** Which of the two conditions is false. */
  public enum Failed {
    MATCH,
    NONE_MATCH
  }

  /**
   * The condition that is false, if one is.
   *
   * @param current what is there now
   */
  public Optional<Failed> failed(Optional<Digest> current) {
    if (match.isPresent() && !match.get().includes(current)) {
      return Optional.of(Failed.MATCH);
    }
    return noneMatch.isPresent() && noneMatch.get().includes(current)
        ? Optional.of(Failed.NONE_MATCH)
        : Optional.empty();
  }
}
