package dev.stele.merkle;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A text with signatures (C2SP signed-note).
 *
 * @param text ends with a newline
 */
public record SignedNote(String text, List<Line> signatures) {
  /** No more are read: each may be 5 kB. */
  private static final int MOST_SIGNATURES = 64;

  private static final int ID_BYTES = 4;
  private static final String SEPARATOR = "\n\n";
  private static final Pattern LINE = Pattern.compile("\u2014 ([^\\s+]+) ([A-Za-z0-9+/]+={0,2})");

  public SignedNote {
    if (!text.endsWith("\n")) {
      throw new IllegalArgumentException("the text of a note ends with a newline");
    }
    signatures = List.copyOf(signatures);
  }

  /**
   * A signature.
   *
   * @param name of the key
   * @param id of the key; with its name that tells it from others
   * @param signature as the type of the key has it
   */
  public record Line(String name, int id, byte[] signature) {
    public Line {
      signature = signature.clone();
    }

    @Override
    public byte[] signature() {
      return signature.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Line line
          && line.name.equals(name)
          && line.id == id
          && Arrays.equals(line.signature, signature);
    }

    @Override
    public int hashCode() {
      return Objects.hash(name, id, Arrays.hashCode(signature));
    }

    @Override
    public String toString() {
      byte[] all = new byte[ID_BYTES + signature.length];
      ByteBuffer.wrap(all).putInt(id).put(signature);
      return "\u2014 " + name + " " + Base64.getEncoder().encodeToString(all);
    }
  }

  /** The same with one more signature. */
  public SignedNote with(Line line) {
    List<Line> more = new ArrayList<>(signatures);
    more.add(line);
    return new SignedNote(text, more);
  }

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException if it is none, or has too many signatures
   */
  public static SignedNote parse(String note) {
    int end = note.lastIndexOf(SEPARATOR);
    if (end < 0 || !note.endsWith("\n")) {
      throw new IllegalArgumentException(
          "a signed note is a text, an empty line and signatures, each line with a newline");
    }
    List<Line> signatures = new ArrayList<>();
    String[] lines = note.substring(end + SEPARATOR.length()).split("\n", MOST_SIGNATURES + 2);
    if (lines.length > MOST_SIGNATURES + 1) {
      throw new IllegalArgumentException("a note has at most " + MOST_SIGNATURES + " signatures");
    }
    for (String line : Arrays.asList(lines).subList(0, lines.length - 1)) {
      Matcher matcher = LINE.matcher(line);
      byte[] all = matcher.matches() ? decode(matcher.group(2)) : new byte[0];
      if (all.length <= ID_BYTES) {
        throw new IllegalArgumentException("this is no line of a signature: " + line);
      }
      signatures.add(
          new Line(
              matcher.group(1),
              ByteBuffer.wrap(all).getInt(),
              Arrays.copyOfRange(all, ID_BYTES, all.length)));
    }
    return new SignedNote(note.substring(0, end + 1), signatures);
  }

  private static byte[] decode(String base64) {
    try {
      return Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException _) {
      return new byte[0];
    }
  }

  @Override
  public String toString() {
    StringBuilder note = new StringBuilder(text).append('\n');
    signatures.forEach(line -> note.append(line).append('\n'));
    return note.toString();
  }
}
