package dev.stele.policy;

import dev.stele.oci.RepositoryName;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.Optional;
import java.util.regex.PatternSyntaxException;

/**
 * Repositories by a pattern of their whole name, in the glob syntax of {@link
 * java.nio.file.FileSystem#getPathMatcher}: {@code *} matches within a path segment, {@code **}
 * also across them, {@code ?} one character, {@code [a-c]} one of several, {@code {a,b}} either. So
 * {@code **} is every repository, {@code team/**} all below {@code team}, and {@code *} those with
 * a name of one segment. Immutable and thread-safe.
 */
public final class RepositoryGlob {
  private final String text;
  private final PathMatcher matcher;

  private RepositoryGlob(String text, PathMatcher matcher) {
    this.text = text;
    this.matcher = matcher;
  }

  /**
   * Reads a glob.
   *
   * @throws IllegalArgumentException saying what is wrong with it
   */
  public static RepositoryGlob parse(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("must not be empty; ** matches every repository");
    }
    try {
      return new RepositoryGlob(text, FileSystems.getDefault().getPathMatcher("glob:" + text));
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "is not a glob, such as team/**: " + e.getDescription() + " in \"" + text + '"', e);
    }
  }

  /** The characters before the first that has a meaning of its own: every match begins so. */
  public String beginning() {
    for (int i = 0; i < text.length(); i++) {
      if ("*?[{\\".indexOf(text.charAt(i)) >= 0) {
        return text.substring(0, i);
      }
    }
    return text;
  }

  /** The one name that it can match, if it is a name. */
  public Optional<String> only() {
    return beginning().equals(text) ? Optional.of(text) : Optional.empty();
  }

  /** What is before {@code /**}, if it matches just the repositories below that. */
  public Optional<String> allBelow() {
    String beginning = beginning();
    return beginning.endsWith("/") && text.equals(beginning + "**")
        ? Optional.of(beginning.substring(0, beginning.length() - 1))
        : Optional.empty();
  }

  public boolean matches(RepositoryName repository) {
    return matcher.matches(Path.of(repository.value()));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RepositoryGlob glob && glob.text.equals(text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  /** As it was written. */
  @Override
  public String toString() {
    return text;
  }
}
