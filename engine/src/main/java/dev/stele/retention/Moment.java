package dev.stele.retention;

import java.time.Instant;
import java.util.Comparator;

/**
 * When something happened to a tag. Later ones are greater.
 *
 * @param position of the event that says so
 */
public record Moment(long position, Instant at) implements Comparable<Moment> {
  private static final Comparator<Moment> ORDER =
      Comparator.comparing(Moment::at).thenComparingLong(Moment::position);

  @Override
  public int compareTo(Moment other) {
    return ORDER.compare(this, other);
  }
}
