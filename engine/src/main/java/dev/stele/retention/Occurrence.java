package dev.stele.retention;

import java.time.Instant;
import java.util.Comparator;

/**
 * When something happened to a tag. Later ones are greater.
 *
 * @param position of the event that says so
 */
public record Occurrence(long position, Instant at) implements Comparable<Occurrence> {
  private static final Comparator<Occurrence> ORDER =
      Comparator.comparing(Occurrence::at).thenComparingLong(Occurrence::position);

  @Override
  public int compareTo(Occurrence other) {
    return ORDER.compare(this, other);
  }
}
