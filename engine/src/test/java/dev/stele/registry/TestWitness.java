package dev.stele.registry;

import dev.stele.merkle.Checkpoint;
import dev.stele.merkle.Hash;
import dev.stele.merkle.KeyType;
import dev.stele.merkle.NoteKey;
import dev.stele.merkle.Proofs;
import dev.stele.merkle.SignedNote;
import dev.stele.merkle.SigningKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * A witness of one log, as C2SP's tlog-witness has it, which a test can make another than it should
 * be. Thread-safe.
 */
public final class TestWitness implements Witness {
  /** What it answers: a status and a body. */
  public record Reply(int status, String body) {}

  private final String url;
  private final List<NoteKey> logs;
  private final List<Long> asked = new ArrayList<>();
  private SigningKey key;
  private Checkpoint latest;
  private Reply instead;
  private Instant at = Instant.now();

  /**
   * @param logs the keys of the log that it knows
   */
  public TestWitness(String name, KeyType type, List<NoteKey> logs) {
    this.key = SigningKey.generate(name, type);
    this.url = "http://" + name + "/w";
    this.logs = logs;
  }

  public NoteKey verifier() {
    return key.verifier();
  }

  /** From which sizes it was asked. */
  public synchronized List<Long> asked() {
    return List.copyOf(asked);
  }

  /** Has it answer that, whatever it is asked; null for what it should. */
  public synchronized void answer(Reply reply) {
    instead = reply;
  }

  /** Has it know another checkpoint than the one that it last cosigned. */
  public synchronized void know(Checkpoint checkpoint) {
    latest = checkpoint;
  }

  /** Has it sign with another key, though of the same name. */
  public synchronized void changeKey() {
    key = SigningKey.generate(key.verifier().name(), key.verifier().type());
  }

  /** What its clock reads. */
  public synchronized void setClock(Instant time) {
    at = time;
  }

  /** What it answers when it is asked. */
  public synchronized Reply reply(long old, List<Hash> proof, SignedNote note) {
    asked.add(old);
    if (instead != null) {
      return instead;
    }
    Checkpoint checkpoint = Checkpoint.parse(note.text());
    if (logs.stream().noneMatch(log -> log.name().equals(checkpoint.origin()))) {
      return new Reply(404, "unknown log\n");
    }
    if (logs.stream().noneMatch(log -> log.signed(checkpoint, note))) {
      return new Reply(403, "");
    }
    if (old > checkpoint.size()) {
      return new Reply(400, "");
    }
    Checkpoint known = latest == null ? new Checkpoint(checkpoint.origin(), 0, Hash.EMPTY) : latest;
    if (old != known.size()) {
      return new Reply(409, known.size() + "\n");
    }
    if (!Proofs.consistent(old, known.root(), checkpoint.size(), checkpoint.root(), proof)) {
      return new Reply(422, "inconsistent\n");
    }
    latest = checkpoint;
    return new Reply(200, key.sign(checkpoint, at) + "\n");
  }

  @Override
  public Answer add(long old, List<Hash> proof, SignedNote note) {
    Reply reply = reply(old, proof, note);
    return switch (reply.status()) {
      case 200 -> new Answer.Cosigned(reply.body());
      case 409 -> new Answer.OtherSize(Long.parseLong(reply.body().strip()));
      case 422 -> new Answer.Contradicted("answered 422");
      default -> new Answer.Failed("answered " + reply.status());
    };
  }

  @Override
  public String url() {
    return url;
  }

  @Override
  public void close() {}
}
