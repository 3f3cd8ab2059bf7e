package dev.stele.history;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What there is of a digest now.
 *
 * @param mediaType as its bytes say ({@link dev.stele.oci.Manifest#mediaType}), if it was ever put
 *     as a manifest
 * @param size in bytes, if it is a manifest or a store has its bytes
 * @param places the repositories that have it, as a manifest or as a blob, in byte order
 * @param morePlaces whether there are more than are told
 * @param stores the names of the stores that have its bytes as a blob
 * @param unlinkedSince since when no repository has it, while a store has its bytes
 * @param sweeps when each store last gave up its bytes
 */
public record DigestState(
    Digest digest,
    Optional<String> mediaType,
    OptionalLong size,
    List<Place> places,
    boolean morePlaces,
    List<String> stores,
    Optional<Since> unlinkedSince,
    List<Sweep> sweeps) {
  /** What a repository has. */
  public enum Kind {
    MANIFEST,
    BLOB
  }

  /**
   * A repository that has the digest.
   *
   * @param tags that point to it, in byte order
   * @param moreTags whether there are more than are told
   * @param unreachableSince since when no root reaches it there
   */
  public record Place(
      RepositoryName repository,
      Kind kind,
      Since since,
      List<Tag> tags,
      boolean moreTags,
      Optional<Since> unreachableSince) {}

  /** A store gave up the bytes. */
  public record Sweep(String store, Since at) {}
}
