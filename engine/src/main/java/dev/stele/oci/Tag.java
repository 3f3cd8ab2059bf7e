package dev.stele.oci;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Pattern;

/**
 * A tag: a word character, then at most 127 word characters, dots or dashes, as the OCI
 * distribution specification defines.
 */
public record Tag(String value) implements Reference, Comparable<Tag> {
  private static final Pattern GRAMMAR = Pattern.compile("[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}");

  public Tag {
    if (!GRAMMAR.matcher(value).matches()) {
      throw new InvalidNameException(
          InvalidNameException.Kind.TAG,
          ("%s is not a tag: use 1 to 128 characters of a-z, A-Z, 0-9, '_', '.' and '-', and begin"
                  + " with neither '.' nor '-'")
              .formatted(InvalidNameException.quote(value)));
    }
  }

  /**
   * Reads a tag.
   *
   * @throws InvalidNameException if it does not follow the grammar
   */
  @JsonCreator
  public static Tag parse(String text) {
    return new Tag(text);
  }

  @Override
  public int compareTo(Tag other) {
    return value.compareTo(other.value);
  }

  @Override
  @JsonValue
  public String toString() {
    return value;
  }
}
