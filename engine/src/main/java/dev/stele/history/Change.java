package dev.stele.history;

import dev.stele.oci.Digest;
import dev.stele.oci.Tag;
import java.util.Optional;

/** What differs in a repository between two moments. */
public sealed interface Change {
  /**
   * A tag points elsewhere.
   *
   * @param from what it pointed to at the first moment; absent: there was no such tag
   * @param to what it pointed to at the second; absent: there was none any more
   */
  record TagChange(Tag tag, Optional<Digest> from, Optional<Digest> to) implements Change {}

  /** A manifest that only one of the moments has: the second one, or the first. */
  record ManifestChange(Digest digest, boolean added) implements Change {}
}
