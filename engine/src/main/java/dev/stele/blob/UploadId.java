package dev.stele.blob;

import dev.stele.oci.InvalidNameException;
import java.util.UUID;
import java.util.regex.Pattern;

/** The name of one upload session: a random UUID, which clients see in the session's location. */
public record UploadId(UUID value) implements Comparable<UploadId> {
  private static final Pattern CANONICAL =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

  /** A new id that nobody can guess. */
  public static UploadId random() {
    return new UploadId(UUID.randomUUID());
  }

  /**
   * Reads the canonical form, lower case, as {@link #toString()} writes it.
   *
   * @throws InvalidNameException of kind {@code UPLOAD} for any other text
   */
  public static UploadId parse(String text) {
    if (!CANONICAL.matcher(text).matches()) {
      throw new InvalidNameException(
          InvalidNameException.Kind.UPLOAD,
          InvalidNameException.quote(text) + " is not an upload id: it is a lower-case UUID");
    }
    return new UploadId(UUID.fromString(text));
  }

  @Override
  public int compareTo(UploadId other) {
    return toString().compareTo(other.toString());
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
