package dev.stele.oci;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Pattern;

/**
 * A repository name: path components of lower-case letters, digits and separators, at most 255
 * characters, as the OCI distribution specification defines ({@code <name>}).
 */
public record RepositoryName(String value) implements Comparable<RepositoryName> {
  /** The longest name, in characters. Clients commonly limit host and name together to 255. */
  public static final int MAX_LENGTH = 255;

  // Possessive quantifiers: a hostile name is refused in linear time.
  private static final String COMPONENT = "[a-z0-9]++(?:(?:\\.|_|__|-++)[a-z0-9]++)*+";
  private static final Pattern GRAMMAR = Pattern.compile(COMPONENT + "(?:/" + COMPONENT + ")*+");

  public RepositoryName {
    if (value.isEmpty() || value.length() > MAX_LENGTH || !GRAMMAR.matcher(value).matches()) {
      throw new InvalidNameException(
          InvalidNameException.Kind.REPOSITORY,
          ("%s is not a repository name: use at most %d characters, path components of a-z and 0-9"
                  + " joined by '.', '_', '__' or dashes, separated by '/'")
              .formatted(InvalidNameException.quote(value), MAX_LENGTH));
    }
  }

  /**
   * Reads a name.
   *
   * @throws InvalidNameException if it does not follow the grammar
   */
  @JsonCreator
  public static RepositoryName parse(String text) {
    return new RepositoryName(text);
  }

  /**
   * The first path segment, by which names are routed to stores; empty for a name of one segment.
   */
  public String routePrefix() {
    int slash = value.indexOf('/');
    return slash < 0 ? "" : value.substring(0, slash);
  }

  @Override
  public int compareTo(RepositoryName other) {
    return value.compareTo(other.value);
  }

  @Override
  @JsonValue
  public String toString() {
    return value;
  }
}
