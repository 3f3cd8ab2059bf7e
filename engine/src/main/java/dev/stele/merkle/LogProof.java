package dev.stele.merkle;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * That a leaf is in a log, for whoever has the keys of the log (C2SP tlog-proof). The leaf is in it
 * as what the format calls extra data. Do not modify the array.
 *
 * @param leaf its bytes
 * @param index of the leaf
 * @param path from the leaf to the root ({@link Tree#inclusion})
 * @param checkpoint of the tree, as it is signed
 */
@SuppressWarnings("ArrayRecordComponent") // read-only
public record LogProof(byte[] leaf, long index, List<Hash> path, SignedNote checkpoint) {
  private static final String FIRST_LINE = "c2sp.org/tlog-proof@v1";
  private static final int LONGEST_PATH = 63;
  private static final Pattern BEGINNING =
      Pattern.compile(
          "\\A"
              + Pattern.quote(FIRST_LINE)
              + "\nextra ([A-Za-z0-9+/]*={0,2})\nindex (0|[1-9][0-9]{0,17})\n");

  public LogProof {
    path = List.copyOf(path);
  }

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException if it is none, or has no leaf
   */
  public static LogProof parse(String text) {
    Matcher beginning = BEGINNING.matcher(text);
    int end = text.indexOf("\n\n");
    if (!beginning.find() || end < beginning.end() - 1) {
      throw new IllegalArgumentException(
          "a proof has the line "
              + FIRST_LINE
              + ", a leaf as extra data, an index, hashes, and a signed checkpoint");
    }
    List<Hash> path = new ArrayList<>();
    if (end > beginning.end()) {
      String[] lines = text.substring(beginning.end(), end).split("\n", LONGEST_PATH + 1);
      if (lines.length > LONGEST_PATH) {
        throw new IllegalArgumentException("a proof has at most " + LONGEST_PATH + " hashes");
      }
      Arrays.stream(lines).map(Hash::parse).forEach(path::add);
    }
    return new LogProof(
        Base64.getDecoder().decode(beginning.group(1)),
        Long.parseLong(beginning.group(2)),
        path,
        SignedNote.parse(text.substring(end + 2)));
  }

  /** Whether it shows that the leaf is in the tree of its checkpoint, whoever signed that. */
  public boolean holds() {
    Checkpoint tree = Checkpoint.parse(checkpoint.text());
    return Proofs.includes(tree.size(), tree.root(), index, Hash.leaf(leaf), path);
  }

  @Override
  public String toString() {
    StringBuilder text =
        new StringBuilder()
            .append(FIRST_LINE)
            .append("\nextra ")
            .append(Base64.getEncoder().encodeToString(leaf))
            .append("\nindex ")
            .append(index)
            .append('\n');
    path.forEach(hash -> text.append(hash).append('\n'));
    return text.append('\n').append(checkpoint).toString();
  }
}
