package dev.stele.registry;

import dev.stele.log.Moment;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import java.util.List;

/**
 * Names that no repository can get: {@code at/<moment>/<name>} is what {@code <name>} was at that
 * moment.
 */
final class ReservedNames {
  private ReservedNames() {}

  /**
   * Returns if a repository of that name may come to be.
   *
   * @throws InvalidNameException otherwise
   */
  static void check(RepositoryName repository) {
    List<String> segments = List.of(repository.value().split("/", 3));
    if (segments.size() == 3
        && segments.getFirst().equals("at")
        && Moment.inPath(segments.get(1)).isPresent()) {
      throw new InvalidNameException(
          InvalidNameException.Kind.REPOSITORY,
          "%s cannot be pushed to: the name stands for what %s was at a moment of the past, and the past is read-only"
              .formatted(repository, segments.getLast()));
    }
  }
}
