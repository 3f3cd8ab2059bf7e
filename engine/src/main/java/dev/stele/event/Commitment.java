package dev.stele.event;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Pattern;

/**
 * Stands in a leaf for what must not be in it: a hash that its {@link Opening} has and nothing else
 * can be made to have.
 *
 * @param hex the SHA-256, in 64 lower-case hexadecimal digits
 */
public record Commitment(@JsonValue String hex) {
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

  /**
   * A commitment.
   *
   * @throws IllegalArgumentException if the digits are none of a SHA-256
   */
  @JsonCreator
  public Commitment {
    if (!HEX.matcher(hex).matches()) {
      throw new IllegalArgumentException("not a commitment: " + hex);
    }
  }
}
