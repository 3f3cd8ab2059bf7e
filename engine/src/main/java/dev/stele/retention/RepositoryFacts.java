package dev.stele.retention;

import java.util.function.Consumer;

/** The tags of a repository as of a position. */
public interface RepositoryFacts {
  /** They follow from the events below this position. */
  long position();

  /** Hands over every tag, in byte order; as often as it is called, the same. */
  void forEachTag(Consumer<TagFacts> consumer);
}
