package dev.stele.blob;

import java.util.regex.Pattern;

/**
 * Where a stored object lies in its store. Every stored object has its own key (its generation),
 * which is never used again: a second upload of the same content gets another key, so deleting the
 * first can never hit the second.
 *
 * <p>The text is one that a store made; its form is the store's own. Whatever the store, it
 * consists of path segments of letters, digits and {@code . _ -}, none of them made of dots only,
 * joined by '/', at most {@value #MAX_LENGTH} characters, so no key can point out of its store.
 */
public record ObjectKey(String value) {
  /** The longest key, in characters. */
  public static final int MAX_LENGTH = 512;

  private static final String SEGMENT = "(?!\\.++(?:/|$))[A-Za-z0-9._-]++";
  private static final Pattern GRAMMAR = Pattern.compile(SEGMENT + "(?:/" + SEGMENT + ")*+");

  /**
   * @throws IllegalArgumentException if the text is no key of any store
   */
  public ObjectKey {
    if (value.length() > MAX_LENGTH || !GRAMMAR.matcher(value).matches()) {
      throw new IllegalArgumentException("not the key of a stored object: " + value);
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
