package dev.stele.policy;

/**
 * Why something is asked for, in words for whoever reads the record. Held to what is asked for now
 * only: what is on record is read as it is.
 */
public final class Reason {
  /** The most characters of a reason. */
  public static final int LONGEST = 1000;

  private Reason() {}

  /**
   * Returns a text if it is a reason: it has 1 to {@value #LONGEST} characters, at least one of
   * them visible, no control characters but tabs and line ends, and none that turn the direction of
   * what follows, which would make the record show something else than it says.
   *
   * @throws IllegalArgumentException saying what is wrong with it; the message continues what it is
   *     called
   */
  public static String check(String text) {
    if (text.codePoints().noneMatch(Reason::visible)) {
      throw new IllegalArgumentException("must say why, for whoever reads the record");
    }
    if (text.codePointCount(0, text.length()) > LONGEST) {
      throw new IllegalArgumentException(
          "has at most " + LONGEST + " characters; refer to a document instead");
    }
    if (text.codePoints().anyMatch(Reason::isNoText)) {
      throw new IllegalArgumentException(
          "must be text: no control characters but tabs and line ends");
    }
    if (text.codePoints().anyMatch(Reason::turnsDirection)) {
      throw new IllegalArgumentException(
          "must be text: none of the characters U+202A to U+202E and U+2066 to U+2069, which turn"
              + " the direction of what follows");
    }
    return text;
  }

  /**
   * The same of a text that is to be one line.
   *
   * @throws IllegalArgumentException as {@link #check} does
   */
  public static String checkLine(String text) {
    return RetentionPolicy.checkReason(check(text));
  }

  private static boolean visible(int c) {
    return !Character.isWhitespace(c)
        && !Character.isSpaceChar(c)
        && !Character.isISOControl(c)
        && Character.getType(c) != Character.FORMAT;
  }

  private static boolean isNoText(int c) {
    return (Character.isISOControl(c) && c != '\n' && c != '\r' && c != '\t')
        || Character.getType(c) == Character.SURROGATE;
  }

  private static boolean turnsDirection(int c) {
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  }
}
