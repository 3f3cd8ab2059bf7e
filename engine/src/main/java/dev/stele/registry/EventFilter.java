package dev.stele.registry;

import dev.stele.oci.RepositoryName;
import java.util.Optional;

/**
 * Which events to list: all, or those of a repository or of a type (such as {@code TagMoved}) or
 * both.
 */
public record EventFilter(Optional<RepositoryName> repository, Optional<String> type) {
  public static final EventFilter ALL = new EventFilter(Optional.empty(), Optional.empty());
}
