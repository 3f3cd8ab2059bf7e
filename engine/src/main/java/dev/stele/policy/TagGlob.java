package dev.stele.policy;

import dev.stele.oci.Tag;
import java.util.Optional;

/**
 * Tags by a pattern of their whole name, in the syntax of {@link RepositoryGlob} and matched in one
 * pass as there: {@code v1.*}, {@code {dev,test}-??}. Immutable and thread-safe.
 */
public record TagGlob(RepositoryGlob glob) {
  /**
   * Reads a glob, or the name of one tag.
   *
   * @throws IllegalArgumentException saying what is wrong with it
   */
  public static TagGlob parse(String text) {
    TagGlob glob = new TagGlob(RepositoryGlob.parse(text));
    glob.glob.only().ifPresent(Tag::parse);
    return glob;
  }

  /** Just this tag. */
  public static TagGlob of(Tag tag) {
    return parse(tag.value());
  }

  /** The one tag that it can match, if it is a name. */
  public Optional<Tag> only() {
    return glob.only().map(Tag::parse);
  }

  public boolean matches(String tag) {
    return glob.matches(tag);
  }

  /** As it was written. */
  @Override
  public String toString() {
    return glob.toString();
  }
}
