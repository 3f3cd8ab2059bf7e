package dev.stele.history;

import dev.stele.oci.Digest;
import java.util.Optional;
import java.util.Set;

/**
 * A manifest by which a digest came to people.
 *
 * @param mediaType {@linkplain dev.stele.oci.Manifest#mediaType as its bytes say}
 * @param size in bytes
 * @param how it has to do with the digest
 * @param via the image that has the digest and that this index lists, itself or in an index that it
 *     lists; absent if this manifest names the digest itself
 * @param moreIndexes whether the image is in more indexes than are told of; asking for the image's
 *     own digest tells of all that list it
 */
public record Exposed(
    Digest digest,
    String mediaType,
    long size,
    Set<How> how,
    Optional<Digest> via,
    boolean moreIndexes) {
  /** How a manifest has to do with a digest. */
  public enum How {
    /** It is the digest's own. */
    ITSELF,
    /** The digest is that of its config. */
    CONFIG,
    /** The digest is that of one of its layers, or of an artifact's blobs. */
    LAYER,
    /** It is an index, which lists the digest, or the image via which it has it. */
    CHILD,
    /**
     * It is an image that begins with all layers of the digest's, or says that it was built on it.
     */
    BASE,
    /** It is about the digest, such as a signature: it tells of it, but does not contain it. */
    SUBJECT
  }

  public Exposed {
    how = Set.copyOf(how);
  }

  /** Its place in the list. */
  public ExposurePage.Key key() {
    return via.map(image -> new ExposurePage.Key(image, Optional.of(digest)))
        .orElseGet(() -> new ExposurePage.Key(digest, Optional.empty()));
  }
}
