package dev.stele.history;

import dev.stele.oci.Digest;
import java.util.List;
import java.util.Optional;

/**
 * A page of the manifests that have a digest. It may be shorter than was asked for although more
 * follow.
 *
 * @param next what the next page comes after; absent if nothing follows
 */
public record ExposurePage(List<Exposed> manifests, Optional<Key> next) {
  /**
   * A place in the list: after an image, or after one of the indexes above it.
   *
   * @param image the digest that is asked for, or a manifest that names it
   */
  public record Key(Digest image, Optional<Digest> index) {}

  public ExposurePage {
    manifests = List.copyOf(manifests);
  }
}
