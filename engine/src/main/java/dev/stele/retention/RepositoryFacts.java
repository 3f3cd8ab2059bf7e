package dev.stele.retention;

import dev.stele.projection.Hold;
import java.util.List;
import java.util.function.Consumer;

/** The tags of a repository as of a position. */
public interface RepositoryFacts {
  /** They follow from the events below this position. */
  long position();

  /** Hands over every tag, in byte order; as often as it is called, the same. */
  void forEachTag(Consumer<TagFacts> consumer);

  /** The holds that concern the repository, in the order in which they were placed. */
  default List<Hold> holds() {
    return List.of();
  }
}
