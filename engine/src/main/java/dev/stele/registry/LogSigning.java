package dev.stele.registry;

import dev.stele.merkle.Checkpoint;
import dev.stele.merkle.NoteKey;
import dev.stele.merkle.SignedNote;
import dev.stele.merkle.SigningKey;
import dev.stele.merkle.TrustPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How the log is signed, and what others add to that.
 *
 * @param keys all of one name, which is the log's; one at least
 * @param file where the last signed checkpoint is kept, which is not in the database
 * @param policy who must cosign what is signed; its logs are these keys
 * @param witnesses who are asked to, by the addresses that the policy has
 * @param timeStamping by whom and how often it is time-stamped, if it is
 */
public record LogSigning(
    List<SigningKey> keys,
    Path file,
    TrustPolicy policy,
    List<Witness> witnesses,
    Optional<TimeStamping> timeStamping) {
  public LogSigning {
    keys = List.copyOf(keys);
    witnesses = List.copyOf(witnesses);
    if (keys.stream().map(key -> key.verifier().name()).distinct().count() != 1) {
      throw new IllegalArgumentException("a log is signed by keys of one name");
    }
    policy = policy.of(keys.stream().map(SigningKey::verifier).toList());
  }

  /** Signed by these keys, and by nobody else. */
  public LogSigning(List<SigningKey> keys, Path file) {
    this(keys, file, TrustPolicy.NONE, List.of(), Optional.empty());
  }

  /**
   * What was signed last, as the file has it; empty if there is none.
   *
   * @throws IllegalArgumentException if the file has no checkpoint
   * @throws IOException if it cannot be read
   */
  public Optional<SignedNote> last() throws IOException {
    try {
      SignedNote note = SignedNote.parse(Files.readString(file));
      Checkpoint _ = Checkpoint.parse(note.text());
      return Optional.of(note);
    } catch (NoSuchFileException _) {
      return Optional.empty();
    }
  }

  /** What the log is called. */
  public String origin() {
    return keys.getFirst().verifier().name();
  }

  /** By which others check the signatures. */
  public List<NoteKey> verifiers() {
    return keys.stream().map(SigningKey::verifier).toList();
  }
}
