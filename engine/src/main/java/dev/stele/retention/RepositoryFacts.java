package dev.stele.retention;

import dev.stele.oci.Digest;
import dev.stele.projection.Hold;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** The tags of a repository as of a position. */
interface RepositoryFacts {
  /** They follow from the events below this position. */
  long position();

  /** Hands over every tag, in byte order; as often as it is called, the same. */
  void forEachTag(Consumer<TagFacts> consumer);

  /**
   * A manifest that the repository has.
   *
   * @param referrer whether it has a subject
   * @param keepers the manifests there that list it, and its subject if that is there
   */
  record Image(boolean referrer, Set<Digest> keepers) {}

  /** Those of some manifests that the repository has, by the beginnings of their digests. */
  default Map<String, Image> images(Collection<String> beginnings) {
    return Map.of();
  }

  /** The holds that concern the repository, in the order in which they were placed. */
  default List<Hold> holds() {
    return List.of();
  }
}
