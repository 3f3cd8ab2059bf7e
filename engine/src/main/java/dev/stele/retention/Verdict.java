package dev.stele.retention;

import java.util.UUID;

/** What was decided about a tag, and why. Entries are counted from 0, as in a policy's document. */
public sealed interface Verdict {
  /** The rules that keep, by their names in a policy. */
  enum Rule {
    /** The entry has no rules, so that its patterns are enough. */
    PATTERNS("patterns"),
    MOST_RECENTLY_PUSHED_COUNT("most-recently-pushed-count"),
    MOST_RECENTLY_PULLED_COUNT("most-recently-pulled-count"),
    PUSHED_WITHIN("pushed-within"),
    PULLED_WITHIN("pulled-within");

    private final String key;

    Rule(String key) {
      this.key = key;
    }

    /** Its name in a policy. */
    public String key() {
      return key;
    }
  }

  /** There is no keep-tags, so that every tag stays. */
  record Unruled() implements Verdict {}

  /** It stays, by the first rule that keeps it of the entry that claims it. */
  record Kept(int entry, Rule rule) implements Verdict {}

  /** It goes: an entry claims it, but none of that entry's rules keeps it. */
  record Expired(int entry) implements Verdict {}

  /** It goes: no entry claims it. */
  record Unclaimed() implements Verdict {}

  /**
   * It is named after an image, such as a signature of it, and stays or goes as that does.
   *
   * @param image the digest of the image, or the first 64 digits of it
   */
  record Follows(String image, boolean stays) implements Verdict {}

  /** The rules would remove it, but a hold keeps it. */
  record Held(UUID hold) implements Verdict {}

  default boolean keeps() {
    return switch (this) {
      case Unruled _, Kept _, Held _ -> true;
      case Follows(_, boolean stays) -> stays;
      case Expired _, Unclaimed _ -> false;
    };
  }

  /** In words, with the place in the policy of the repository. */
  default String reason() {
    return switch (this) {
      case Unruled _ -> "no keep-tags";
      case Kept(int entry, Rule rule) -> "kept by keep-tags[%d].%s".formatted(entry, rule.key());
      case Expired(int entry) -> "not kept by any rule of keep-tags[%d]".formatted(entry);
      case Unclaimed _ -> "not matched by any entry of keep-tags";
      case Follows(String image, boolean stays) ->
          "named after %s, which %s".formatted(image, stays ? "stays" : "goes");
      case Held(UUID hold) -> "held by " + hold;
    };
  }
}
