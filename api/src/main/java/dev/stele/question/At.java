package dev.stele.question;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.stele.log.AsOf;
import dev.stele.log.Moment;

/**
 * The moment that an answer is as of.
 *
 * @param position of the last event by then; -1 if there was none
 * @param moment as it was asked for
 */
public record At(long position, String moment, @JsonIgnore AsOf asOf) {
  /** The moment of an answer. */
  public static At of(AsOf asOf) {
    return new At(asOf.position(), asOf.moment().toString(), asOf);
  }

  /** So that the moment means the same once more. Before the first event only a time is known. */
  static String written(AsOf asOf) {
    return asOf.position() < 0
        ? asOf.moment().toString()
        : new Moment.AtPosition(asOf.position()).toString();
  }

  /** For people. */
  @Override
  public String toString() {
    return asOf.toString();
  }
}
