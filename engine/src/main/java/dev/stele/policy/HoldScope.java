package dev.stele.policy;

import dev.stele.oci.Digest;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import java.util.Optional;

/**
 * What a hold covers: repositories with all that they have; or a tag of them and what it points to;
 * or a manifest or blob of them by its digest, with what that refers to. Immutable and thread-safe.
 *
 * @param repositories a glob; a repository's own name matches that one alone
 * @param tag not together with a digest
 */
public record HoldScope(RepositoryGlob repositories, Optional<Tag> tag, Optional<Digest> digest) {
  /**
   * A scope.
   *
   * @throws IllegalArgumentException if there are both a tag and a digest
   */
  public HoldScope {
    if (tag.isPresent() && digest.isPresent()) {
      throw new IllegalArgumentException(
          "a hold is of a tag or of a digest, not of both; place two holds");
    }
  }

  /** A whole repository. */
  public static HoldScope of(RepositoryName repository) {
    return new HoldScope(
        RepositoryGlob.parse(repository.value()), Optional.empty(), Optional.empty());
  }

  /** The one repository that it is about; empty if it is about those that a glob matches. */
  public Optional<RepositoryName> oneRepository() {
    try {
      return Optional.of(RepositoryName.parse(repositories.toString()));
    } catch (InvalidNameException e) {
      return Optional.empty();
    }
  }

  /** Whether it covers all that its repositories have. */
  public boolean whole() {
    return tag.isEmpty() && digest.isEmpty();
  }

  /** What goes with that, in words that continue {@link #toString}. */
  public String along() {
    return tag.isPresent()
        ? "with what it points to"
        : digest.isPresent() ? "with what it refers to" : "with all that is there";
  }

  /** In words, such as {@code tag v1 of team/app}. */
  @Override
  public String toString() {
    String what = tag.map(t -> "tag " + t).or(() -> digest.map(Digest::toString)).orElse("");
    String where = (oneRepository().isPresent() ? "" : "repositories ") + repositories;
    return what.isEmpty()
        ? (oneRepository().isPresent() ? "repository " : "") + where
        : what + " of " + where;
  }
}
