package dev.stele.registry;

import dev.stele.blob.UploadId;
import dev.stele.log.AsOf;
import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.Hold;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Why the registry refuses a well-formed request. HTTP maps each to a status and a code of the
 * distribution specification.
 */
public sealed interface Refusal {
  record UnknownRepository(RepositoryName repository) implements Refusal {}

  record UnknownManifest(RepositoryName repository, Reference reference) implements Refusal {}

  /**
   * No such blob in this repository, or its bytes are not what the log says (a damaged object
   * counts as absent).
   */
  record UnknownBlob(RepositoryName repository, Digest digest) implements Refusal {}

  /** A moment that has not passed yet, when the last event was the one at {@code newest}. */
  record NotYet(Moment moment, long newest) implements Refusal {}

  record NoRepositoryThen(RepositoryName repository, AsOf asOf) implements Refusal {}

  record NoManifestThen(RepositoryName repository, Reference reference, AsOf asOf)
      implements Refusal {}

  record NoBlobThen(RepositoryName repository, Digest digest, AsOf asOf) implements Refusal {}

  /**
   * A repository had the blob at that moment, but its bytes are no longer kept.
   *
   * @param story what became of it, in the order of the log: the event after which nothing reached
   *     it, where the collector found that; the one by which the repository lost it; the one by
   *     which its bytes were given up. Empty if nothing gave them up: they are damaged, or missing
   *     in the store
   */
  record BlobGone(RepositoryName repository, Digest digest, AsOf asOf, List<EventEntry> story)
      implements Refusal {
    public BlobGone {
      story = List.copyOf(story);
    }
  }

  /**
   * A repository had the manifest at that moment, but an image of it can no longer be pulled.
   *
   * @param swept which of its blobs are no longer kept
   * @param first what became of the first of them
   */
  record ImageGone(Reference reference, List<Digest> swept, BlobGone first) implements Refusal {
    public ImageGone {
      swept = List.copyOf(swept);
    }
  }

  /**
   * What the caller asked to be true is not.
   *
   * @param reference the tag, or the digest of the manifest or blob
   * @param actual what is there: what the tag points to; absent if there is nothing
   */
  record PreconditionFailed(RepositoryName repository, Reference reference, Optional<Digest> actual)
      implements Refusal {}

  record UnknownUpload(UploadId id) implements Refusal {}

  /** Another request is writing to the same upload. */
  record UploadBusy(UploadId id) implements Refusal {}

  /**
   * A chunk that does not start where the upload stands, or is not as long as declared; {@code
   * size} bytes are there.
   */
  record BadRange(UploadId id, long size) implements Refusal {}

  record DigestMismatch(Digest expected, Digest actual) implements Refusal {}

  record InvalidManifest(String reason) implements Refusal {}

  /**
   * Content that the manifest lists and that the repository has neither as blob nor as manifest.
   */
  record MissingContent(List<Digest> digests) implements Refusal {
    public MissingContent {
      digests = List.copyOf(digests);
    }
  }

  /**
   * An image lacks annotations that the operator has made mandatory, both in its manifest and among
   * its config's labels.
   */
  record MissingAnnotations(List<String> keys) implements Refusal {}

  /** A manifest to be deleted by its digest has several tags, and collision detection is on. */
  record SeveralTags(Digest digest, List<Tag> tags) implements Refusal {}

  /**
   * A blob or manifest that these present manifests list, so that it cannot be deleted; as a blob
   * also one that is a manifest itself.
   *
   * @param by at most {@value #MOST_NAMED} of them
   */
  record Referenced(Digest digest, List<Digest> by) implements Refusal {
    static final int MOST_NAMED = 10;

    public Referenced {
      by = List.copyOf(by);
    }
  }

  /**
   * A hold forbids it.
   *
   * @param what it is kept, in words: {@code tag v1 of team/app}
   */
  record Held(String what, Hold hold) implements Refusal {}

  /** A tag that the operator has made immutable; it points to {@code digest}. */
  record ImmutableTag(RepositoryName repository, Tag tag, Digest digest) implements Refusal {}

  record UnknownHold(UUID id) implements Refusal {}

  /** A hold with the id of a new one is there, and covers something else or says another reason. */
  record OtherHold(Hold hold) implements Refusal {}

  /**
   * More than can be restored at once.
   *
   * @param most tags and manifests
   * @param mostListed different digests that manifests may list
   */
  record TooMuchToRestore(RepositoryName repository, int most, int mostListed) implements Refusal {}
}
