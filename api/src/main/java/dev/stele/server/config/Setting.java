package dev.stele.server.config;

/**
 * A value that holds, for people to read.
 *
 * @param path the key
 * @param value as it could be configured; masked if it is a secret, empty if there is none
 * @param origin the file, variable or option that set it, or {@code default}
 */
public record Setting(String path, String value, String origin) {
  static final String DEFAULT = "default";

  /** Whether the other is the same key with the same value, wherever it comes from. */
  public boolean sameValue(Setting other) {
    return path.equals(other.path) && value.equals(other.value);
  }
}
