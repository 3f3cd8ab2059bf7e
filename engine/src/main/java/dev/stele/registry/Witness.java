package dev.stele.registry;

import dev.stele.merkle.Hash;
import dev.stele.merkle.SignedNote;
import java.util.List;

/**
 * Somebody who cosigns what the log signs (C2SP tlog-witness), and so vouches that no two of its
 * checkpoints contradict each other. Thread-safe.
 */
public interface Witness extends AutoCloseable {
  /** What became of a checkpoint that was handed over. */
  sealed interface Answer {
    /**
     * It is cosigned, as the witness says.
     *
     * @param lines of signatures, of which nothing was checked
     */
    record Cosigned(String lines) implements Answer {}

    /**
     * The witness last cosigned a checkpoint of another size than that from which something was
     * shown.
     */
    record OtherSize(long size) implements Answer {}

    /**
     * The witness does not find that the log continues what it cosigned.
     *
     * @param reason for people, without anything secret
     */
    record Contradicted(String reason) implements Answer {}

    /**
     * The checkpoint is not cosigned, or nobody knows.
     *
     * @param reason for people, without anything secret
     */
    record Failed(String reason) implements Answer {}
  }

  /**
   * Hands over a checkpoint; returns when the witness has answered, or after a time that is
   * bounded.
   *
   * @param oldSize of the checkpoint that the witness last cosigned
   * @param consistency shows that the tree of this checkpoint begins with that of the old one
   * @param note the checkpoint with the signatures of the log
   */
  Answer add(long oldSize, List<Hash> consistency, SignedNote note) throws InterruptedException;

  /** As the policy has it. */
  String url();

  /** Makes what is being asked fail at once. */
  @Override
  void close();
}
