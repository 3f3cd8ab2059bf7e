package dev.stele.policy;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.stele.oci.Tag;

/**
 * Tags by a regular expression in RE2 syntax, which takes time in proportion to the tag whatever
 * the expression. It matches if it is found anywhere in the tag: {@code ^} and {@code $} tie it to
 * the ends. Immutable and thread-safe.
 */
public final class TagPattern {
  private final Pattern pattern;

  private TagPattern(Pattern pattern) {
    this.pattern = pattern;
  }

  /**
   * Reads an expression.
   *
   * @throws IllegalArgumentException saying what is wrong with it
   */
  public static TagPattern parse(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("must not be empty; .* matches every tag");
    }
    try {
      return new TagPattern(Pattern.compile(text));
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "is not a regular expression (RE2), such as ^v[0-9]+$: "
              + e.getDescription()
              + " in \""
              + text
              + '"',
          e);
    }
  }

  public boolean matches(Tag tag) {
    return pattern.matcher(tag.value()).find();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TagPattern that && that.toString().equals(toString());
  }

  @Override
  public int hashCode() {
    return toString().hashCode();
  }

  /** As it was written. */
  @Override
  public String toString() {
    return pattern.pattern();
  }
}
