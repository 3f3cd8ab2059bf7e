package dev.stele.event;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import java.util.Optional;

/**
 * Something that happened, as the log keeps it for ever. Field names are part of the record: never
 * rename one.
 */
public sealed interface Event {
  /** The repository that it happened in. */
  RepositoryName repository();

  /** The type's name in the log. */
  default String type() {
    return getClass().getSimpleName();
  }

  /** The number of the type's present form; an upcaster brings older ones to it on reading. */
  default int schema() {
    return 1;
  }

  /** A repository came to be, with the first content pushed to it. */
  record RepositoryCreated(RepositoryName repository) implements Event {}

  /**
   * A blob was uploaded.
   *
   * @param size in bytes
   * @param store the name of the store that has the bytes
   * @param objectKey where they lie in the store
   * @param stored whether this upload's bytes were kept; if not, the store already had them
   * @param linked whether the blob is new to the repository
   */
  record BlobUploaded(
      RepositoryName repository,
      Digest digest,
      long size,
      String store,
      String objectKey,
      boolean stored,
      boolean linked)
      implements Event {}

  /** A blob that the store had was made part of a repository, without bytes being sent. */
  record BlobMounted(
      RepositoryName repository, Digest digest, Optional<RepositoryName> from, boolean linked)
      implements Event {}

  /** A blob was removed from a repository. Its bytes remain until they are swept. */
  record BlobDeleted(RepositoryName repository, Digest digest) implements Event {}

  /**
   * The stored bytes of a digest were damaged and an upload replaced them.
   *
   * @param damagedKey where the damaged object lies
   */
  record BlobRepaired(RepositoryName repository, Digest digest, String store, String damagedKey)
      implements Event {}

  /**
   * A manifest was put. Its exact bytes are in the document of that digest.
   *
   * @param size in bytes
   * @param added whether it is new to the repository
   */
  record ManifestPut(
      RepositoryName repository,
      Digest digest,
      String mediaType,
      long size,
      Optional<Digest> subject,
      boolean added)
      implements Event {}

  /** A manifest was removed from a repository, after all its tags. */
  record ManifestDeleted(RepositoryName repository, Digest digest) implements Event {}

  /**
   * A tag was created or moved.
   *
   * @param previous what it pointed to before; absent when it was created
   */
  record TagMoved(RepositoryName repository, Tag tag, Digest digest, Optional<Digest> previous)
      implements Event {}

  /** A tag was deleted; it pointed to that digest. */
  record TagDeleted(RepositoryName repository, Tag tag, Digest digest) implements Event {}
}
