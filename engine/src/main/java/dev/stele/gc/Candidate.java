package dev.stele.gc;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import java.time.Instant;
import java.util.Optional;

/**
 * Something that a collection would take now.
 *
 * @param repository absent for content that no repository has
 * @param digest absent for a repository
 * @param size in bytes; 0 for a repository
 * @param since the position of the event after which no root reached it
 * @param reason that event, in words
 */
public record Candidate(
    Kind kind,
    Optional<RepositoryName> repository,
    Optional<Digest> digest,
    long size,
    long since,
    Instant sinceAt,
    String reason) {
  /** What can be collected. */
  public enum Kind {
    /** A manifest of a repository. */
    MANIFEST,
    /** A blob of a repository. */
    BLOB,
    /** The bytes of a digest that no repository has. */
    CONTENT,
    /** A repository that was left empty. */
    REPOSITORY
  }
}
