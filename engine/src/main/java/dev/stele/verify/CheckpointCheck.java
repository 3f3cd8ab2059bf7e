package dev.stele.verify;

import dev.stele.event.EventCodec;
import dev.stele.log.LogReader;
import dev.stele.merkle.Checkpoint;
import dev.stele.merkle.Hash;
import dev.stele.merkle.NoteKey;
import dev.stele.merkle.RunningRoot;
import dev.stele.merkle.SignedNote;
import dev.stele.projection.ProgressListener;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;

/**
 * Hashes the leaves of the log anew, from the first one on, and holds what that gives against
 * checkpoints that were signed when it was shorter. Looks at nothing but the leaves. Thread-safe.
 */
public final class CheckpointCheck {
  private static final int PAGE = 1_000;

  private final Jdbi jdbi;

  public CheckpointCheck(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  /**
   * What was found.
   *
   * @param events how many the log has in a row from the first on
   * @param root of all of them
   * @param problems with checkpoints that are not signed, or that the log does not begin with, in
   *     words
   */
  public record Result(long events, Hash root, List<String> problems) {
    public Result {
      problems = List.copyOf(problems);
    }
  }

  /**
   * Checks.
   *
   * @param notes checkpoints, each of which the log should begin with
   * @param keys of which one at least must have signed each
   * @param progress is told how far it is
   */
  public Result run(
      Collection<SignedNote> notes, Collection<NoteKey> keys, ProgressListener progress) {
    List<Checkpoint> expected = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (SignedNote note : notes) {
      Checkpoint checkpoint = Checkpoint.parse(note.text());
      if (keys.stream().noneMatch(key -> key.signed(checkpoint, note))) {
        problems.add(
            "the checkpoint of %,d events has no signature of the log %s by a key that counts"
                .formatted(checkpoint.size(), checkpoint.origin()));
      }
      if (!expected.contains(checkpoint)) {
        expected.add(checkpoint);
      }
    }
    RunningRoot tree = new RunningRoot();
    LogReader reader = new LogReader(new EventCodec());
    long head = jdbi.withHandle(LogReader::nextPosition);
    compare(tree, expected, problems);
    while (tree.size() < head) {
      long after = tree.size() - 1;
      List<LogReader.Leaf> page =
          jdbi.withHandle(
              handle -> reader.leaves(handle, after, PAGE, Optional.empty(), Optional.empty()));
      for (LogReader.Leaf leaf : page) {
        if (leaf.position() != tree.size()) {
          break; // and so the tree of what follows
        }
        tree.add(Hash.leaf(leaf.bytes()));
        compare(tree, expected, problems);
      }
      if (page.isEmpty() || page.getLast().position() != tree.size() - 1) {
        problems.add("there is no event at position " + tree.size());
        break;
      }
      progress.at("events", tree.size(), head);
    }
    for (Checkpoint left : expected) {
      problems.add(
          "the log has %,d events in a row from the first on, and had %,d when that was signed"
              .formatted(tree.size(), left.size()));
    }
    return new Result(tree.size(), tree.root(), problems);
  }

  private static void compare(RunningRoot tree, List<Checkpoint> expected, List<String> problems) {
    for (Checkpoint each : List.copyOf(expected)) {
      if (each.size() == tree.size()) {
        if (!each.root().equals(tree.root())) {
          problems.add(
              "the first %,d events are not those that were signed: their root is %s, and was %s"
                  .formatted(tree.size(), tree.root(), each.root()));
        }
        expected.remove(each);
      }
    }
  }
}
