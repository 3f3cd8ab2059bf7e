package dev.stele.merkle;

import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which hashes stand together (C2SP tlog-tiles): {@value #WIDTH} neighbours of a level, or those of
 * them that there are yet. A hash of level 0 is a leaf's, one of any other level that of the whole
 * tile with its number below.
 */
public record Tile(int level, long number) implements Comparable<Tile> {
  /** How many hashes a whole one has. */
  public static final int WIDTH = 256;

  /** How many bytes a whole one has. */
  public static final int BYTES = WIDTH * Hash.BYTES;

  /** Of as many levels as a tile spans, each has half of the hashes of the one below. */
  static final int HEIGHT = 8;

  /** No level above could have a hash in a log of positions that are longs. */
  private static final int MOST_LEVELS = 8;

  private static final Pattern NUMBER = Pattern.compile("((?:x[0-9]{3}/){0,6})([0-9]{3})");
  private static final Pattern PARTIAL = Pattern.compile("(.*)\\.p/([1-9][0-9]{0,2})");

  private static final Comparator<Tile> ORDER =
      Comparator.comparingInt(Tile::level).thenComparingLong(Tile::number);

  /** The one that a hash of a level stands in. */
  static Tile of(int level, long index) {
    return new Tile(level, index / WIDTH);
  }

  /** How many hashes it has in a tree of so many leaves; 0 if it is not there. */
  public int width(long size) {
    long hashes = size >> (HEIGHT * level);
    return Math.clamp(hashes - number * WIDTH, 0, WIDTH);
  }

  /**
   * A part of one, as it is asked for.
   *
   * @param width how many hashes or entries
   */
  public record Asked(long number, int width) {
    /**
     * Reads the end of a tile's address, such as {@code x001/234} or {@code x001/234.p/17}; empty
     * if it is none.
     */
    public static Optional<Asked> parse(String path) {
      int width = WIDTH;
      String whole = path;
      Matcher partial = PARTIAL.matcher(path);
      if (partial.matches()) {
        width = Integer.parseInt(partial.group(2));
        whole = partial.group(1);
        if (width >= WIDTH) {
          return Optional.empty();
        }
      }
      Matcher number = NUMBER.matcher(whole);
      if (!number.matches() || number.group(1).startsWith("x000/")) {
        return Optional.empty();
      }
      String digits = number.group(1).replace("x", "").replace("/", "") + number.group(2);
      return digits.length() > 18
          ? Optional.empty()
          : Optional.of(new Asked(Long.parseLong(digits), width));
    }
  }

  /** A level, as an address has it; empty if it is none that a tree of this log can have. */
  public static Optional<Integer> parseLevel(String text) {
    return text.matches("[0-9]") && Integer.parseInt(text) < MOST_LEVELS
        ? Optional.of(Integer.parseInt(text))
        : Optional.empty();
  }

  /**
   * The end of its address.
   *
   * @param width how many of its hashes are meant
   */
  public static String path(long number, int width) {
    StringBuilder path = new StringBuilder(group(number));
    for (long rest = number / 1000; rest > 0; rest /= 1000) {
      path.insert(0, "x" + group(rest) + "/");
    }
    return width == WIDTH ? path.toString() : path + ".p/" + width;
  }

  private static String group(long number) {
    return String.format(Locale.ROOT, "%03d", number % 1000);
  }

  @Override
  public int compareTo(Tile other) {
    return ORDER.compare(this, other);
  }
}
