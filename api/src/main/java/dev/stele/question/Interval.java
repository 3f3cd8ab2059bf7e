package dev.stele.question;

import dev.stele.log.AsOf;
import dev.stele.log.Moment;
import dev.stele.registry.Outcome;
import dev.stele.registry.Refusal;
import dev.stele.server.distribution.Refusals;
import dev.stele.server.http.RefusedRequestException;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * What is asked for by {@code from} and {@code to}: nothing that ends before it begins, which would
 * be answered with nothing.
 *
 * @param from absent if it was left out
 * @param to likewise
 */
public record Interval<T>(Optional<T> from, Optional<T> to) {
  /**
   * Reads an interval of the log.
   *
   * @throws RefusedRequestException as {@link #of(Optional, Optional, Function, ToLongFunction)}
   */
  static Interval<AsOf> of(Asked asked, Function<Moment, Outcome<AsOf>> meaning) {
    return of(asked, meaning, AsOf::position);
  }

  /**
   * Reads an interval.
   *
   * @throws RefusedRequestException as {@link #of(Optional, Optional, Function, ToLongFunction)}
   */
  static <T> Interval<T> of(
      Asked asked, Function<Moment, Outcome<T>> meaning, ToLongFunction<T> position) {
    return of(asked.first(Parameter.FROM), asked.first(Parameter.TO), meaning, position);
  }

  /**
   * An interval.
   *
   * @param meaning what a moment means in the log
   * @param position of what it means there
   * @throws RefusedRequestException 400 if {@code from} is after {@code to}, 404 if one of them has
   *     not passed
   */
  public static <T> Interval<T> of(
      Optional<Moment> from,
      Optional<Moment> to,
      Function<Moment, Outcome<T>> meaning,
      ToLongFunction<T> position) {
    // As written, first: of two moments of which one has not passed, too, the mistake is the order.
    if (from.isPresent() && to.isPresent() && writtenAfter(from.get(), to.get())) {
      throw swapped(from.get(), to.get());
    }
    Interval<T> interval =
        new Interval<>(
            from.map(moment -> Refusals.accepted(meaning.apply(moment))),
            to.map(moment -> passed(meaning.apply(moment))));
    // A time and a position can be compared in the log alone.
    if (interval.from.isPresent()
        && interval.to.isPresent()
        && position.applyAsLong(interval.from.get()) > position.applyAsLong(interval.to.get())) {
      throw swapped(from.orElseThrow(), to.orElseThrow());
    }
    return interval;
  }

  private static <T> T passed(Outcome<T> to) {
    if (to instanceof Outcome.Refused<T>(Refusal.NotYet notYet)) {
      throw Absence.more(Refusals.toError(notYet), "leave `to` out for up to now");
    }
    return Refusals.accepted(to);
  }

  private static boolean writtenAfter(Moment from, Moment to) {
    return switch (from) {
      case Moment.AtPosition(long begin) ->
          to instanceof Moment.AtPosition(long end) && begin > end;
      case Moment.AtInstant(var begin) ->
          to instanceof Moment.AtInstant(var end) && begin.isAfter(end);
    };
  }

  private static RefusedRequestException swapped(Moment from, Moment to) {
    return Parameter.invalid(
        "from (%s) must not be after to (%s)".formatted(words(from), words(to)));
  }

  private static String words(Moment moment) {
    return switch (moment) {
      case Moment.AtPosition(long position) -> "position " + position;
      case Moment.AtInstant(var instant) -> instant.toString();
    };
  }
}
