package dev.stele.registry;

import dev.stele.merkle.SigningKey;
import java.nio.file.Path;
import java.util.List;

/**
 * How the log is signed.
 *
 * @param keys all of one name, which is the log's; one at least
 * @param file where the last signed checkpoint is kept, which is not in the database
 */
public record LogSigning(List<SigningKey> keys, Path file) {
  public LogSigning {
    keys = List.copyOf(keys);
    if (keys.stream().map(key -> key.verifier().name()).distinct().count() != 1) {
      throw new IllegalArgumentException("a log is signed by keys of one name");
    }
  }

  /** What the log is called. */
  public String origin() {
    return keys.getFirst().verifier().name();
  }
}
