package dev.stele.policy;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.stele.oci.Tag;

/**
 * Tags by a regular expression in RE2 syntax, which takes time in proportion to the tag whatever
 * the expression. It matches if it is found anywhere in the tag: {@code ^} and {@code $} tie it to
 * the ends. With at most {@value #LARGEST} steps for each of the 128 characters of a tag, a match
 * takes a few milliseconds at the very most: anybody may send an expression. Immutable and
 * thread-safe.
 */
public final class TagPattern {
  /** The most characters of an expression. */
  public static final int LONGEST = 1000;

  /** How large an expression may be with its repetitions written out: {@code a{9}} counts 9. */
  static final int LARGEST = 2000;

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
    if (text.length() > LONGEST || ExpressionSize.of(text) > LARGEST) {
      throw new IllegalArgumentException(
          "is too large an expression: at most "
              + LONGEST
              + " characters, and "
              + LARGEST
              + " with repetitions such as a{9} written out");
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
