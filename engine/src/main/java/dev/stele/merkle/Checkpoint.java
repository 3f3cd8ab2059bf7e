package dev.stele.merkle;

import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a log says of itself (C2SP tlog-checkpoint): so many leaves, under that root.
 *
 * @param origin which log it is: the name of the keys that sign for it
 * @param size how many leaves
 */
public record Checkpoint(String origin, long size, Hash root) {
  private static final Pattern BODY =
      Pattern.compile("([^\n+\\s]+)\n(0|[1-9][0-9]{0,17})\n([A-Za-z0-9+/]{43}=)\n");

  public Checkpoint {
    NoteKey.checkName(origin);
  }

  /** What is signed. */
  public String body() {
    return origin + "\n" + size + "\n" + root + "\n"; // in the same digits in every language
  }

  /**
   * Reads what was signed.
   *
   * @throws IllegalArgumentException if that is no checkpoint, or one with lines that nobody could
   *     check
   */
  public static Checkpoint parse(String body) {
    Matcher matcher = BODY.matcher(body);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "a checkpoint has three lines: the log's name, how many leaves it has, and the root in"
              + " base64");
    }
    return new Checkpoint(
        matcher.group(1),
        Long.parseLong(matcher.group(2)),
        Hash.of(Base64.getDecoder().decode(matcher.group(3))));
  }
}
