package dev.stele.server.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An amount of data as it is written in the configuration: a whole number and a binary unit.
 *
 * @param bytes not negative
 */
public record DataSize(long bytes) implements Comparable<DataSize> {
  private static final Pattern FORM = Pattern.compile("([0-9]{1,9}) ?(B|KiB|MiB|GiB)");

  private enum Unit {
    B(0),
    KiB(10),
    MiB(20),
    GiB(30);

    private final int shift;

    /**
     * @param shift how many bytes it is, as a power of two
     */
    Unit(int shift) {
      this.shift = shift;
    }
  }

  public DataSize {
    if (bytes < 0) {
      throw new IllegalArgumentException("a size is not negative: " + bytes);
    }
  }

  public static DataSize ofKibibytes(int count) {
    return new DataSize((long) count << Unit.KiB.shift);
  }

  public static DataSize ofMebibytes(int count) {
    return new DataSize((long) count << Unit.MiB.shift);
  }

  public static DataSize ofGibibytes(int count) {
    return new DataSize((long) count << Unit.GiB.shift);
  }

  /**
   * Reads a size such as {@code 4MiB}. The unit is never left out, and is one of B, KiB, MiB and
   * GiB.
   *
   * @throws IllegalArgumentException saying what a size looks like
   */
  public static DataSize parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "must be a whole number with one of the units B, KiB, MiB and GiB, such as 4MiB, not"
              + " \""
              + text
              + '"');
    }
    return new DataSize(Long.parseLong(matcher.group(1)) << Unit.valueOf(matcher.group(2)).shift);
  }

  @Override
  public int compareTo(DataSize other) {
    return Long.compare(bytes, other.bytes);
  }

  /** In the largest unit that loses nothing. */
  @Override
  public String toString() {
    Unit unit = Unit.B;
    for (Unit larger : Unit.values()) {
      if (bytes > 0 && bytes % (1L << larger.shift) == 0) {
        unit = larger;
      }
    }
    return (bytes >> unit.shift) + unit.name();
  }
}
