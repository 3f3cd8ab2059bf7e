package dev.stele.server.http;

import java.util.regex.Pattern;

/**
 * Below which path clients reach the server: segments as {@code /registry}, or none. Immutable and
 * thread-safe.
 *
 * @param value without a slash at the end; empty if there is none
 */
public record PathPrefix(String value) {
  public static final PathPrefix NONE = new PathPrefix("");

  private static final int LONGEST = 200;
  private static final Pattern GRAMMAR =
      Pattern.compile("(?:/(?!\\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)+");

  /** What stands at the root, too. */
  private static final Pattern OWN =
      Pattern.compile("/(v2|api|token|login|logout|metrics|livez|readyz)(/.*)?");

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException whose message continues a key's name
   */
  public static PathPrefix parse(String text) {
    if (!isPrefix(text)) {
      throw new IllegalArgumentException(
          ("must be a path such as /registry: segments of letters, digits and . _ ~ -, each after a"
                  + " slash, %d characters at most; not \"%s\"")
              .formatted(LONGEST, text));
    }
    if (OWN.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "must not begin with what is answered without it, as " + text + " does");
    }
    return new PathPrefix(text);
  }

  /** What somebody says; none if it is no prefix. */
  static PathPrefix said(String text) {
    String path = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
    return isPrefix(path) ? new PathPrefix(path) : NONE;
  }

  private static boolean isPrefix(String text) {
    return text.length() <= LONGEST && GRAMMAR.matcher(text).matches();
  }

  public boolean isNone() {
    return value.isEmpty();
  }

  /** Whether a path is below this, which is not nothing. */
  public boolean covers(String path) {
    return !isNone() && (path.startsWith(value + "/") || path.equals(value));
  }

  /** What a path that this covers is without it. */
  public String without(String path) {
    return path.length() == value.length() ? "/" : path.substring(value.length());
  }

  @Override
  public String toString() {
    return value;
  }
}
