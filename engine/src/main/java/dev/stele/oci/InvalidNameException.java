package dev.stele.oci;

/**
 * A name, tag, digest or reference that does not follow the specification's grammar. The message
 * says what is wrong.
 */
public final class InvalidNameException extends IllegalArgumentException {
  /** What kind of text was malformed. */
  public enum Kind {
    REPOSITORY,
    TAG,
    DIGEST,
    UPLOAD,
    MOMENT
  }

  private final Kind kind;

  public InvalidNameException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  /**
   * The text in quotes, shortened and with control characters replaced, fit for an error message.
   */
  public static String quote(String text) {
    String shown = text.length() <= 80 ? text : text.substring(0, 80) + "...";
    return "\"" + shown.replaceAll("[\\p{Cntrl}\\p{Cs}\"]", "?") + "\"";
  }
}
