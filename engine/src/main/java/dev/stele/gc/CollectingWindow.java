package dev.stele.gc;

import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * When a collection may start: on some days of the week, from a time of day until another, in UTC.
 * A window that ends at or before its beginning ends on the next day; the days are those that it
 * begins on.
 */
public record CollectingWindow(Set<DayOfWeek> days, LocalTime from, LocalTime until) {
  private static final Pattern FORM =
      Pattern.compile("(?:([A-Za-z,-]+)\\s+)?(\\d\\d:\\d\\d)\\s*-\\s*(\\d\\d:\\d\\d)");
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm");
  private static final int DAY_LETTERS = 3;

  public CollectingWindow {
    days = Set.copyOf(days);
    if (days.isEmpty()) {
      throw new IllegalArgumentException("a window needs a day");
    }
  }

  /**
   * Reads {@code mon-fri 22:00-06:00}, {@code sat,sun 00:00-24:00} or {@code 01:00-05:00} (every
   * day). A range of days may go over the week's end.
   *
   * @throws IllegalArgumentException saying what is allowed
   */
  public static CollectingWindow parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    try {
      if (matcher.matches()) {
        return new CollectingWindow(
            matcher.group(1) == null ? EnumSet.allOf(DayOfWeek.class) : days(matcher.group(1)),
            time(matcher.group(2)),
            time(matcher.group(3)));
      }
    } catch (DateTimeException e) {
      throw invalid(text, e);
    }
    throw invalid(text, null);
  }

  private static IllegalArgumentException invalid(String text, Exception cause) {
    return new IllegalArgumentException(
        "'%s' is not a window: write days and hours in UTC, such as 'mon-fri 22:00-06:00' or '01:00-05:00'"
            .formatted(text),
        cause);
  }

  private static Set<DayOfWeek> days(String text) {
    Set<DayOfWeek> days = EnumSet.noneOf(DayOfWeek.class);
    for (String part : text.split(",", -1)) {
      String[] ends = part.split("-", -1);
      DayOfWeek last = day(ends[ends.length - 1]);
      DayOfWeek each = day(ends[0]);
      days.add(each);
      while (ends.length == 2 && each != last) {
        each = each.plus(1);
        days.add(each);
      }
      if (ends.length > 2) {
        throw new DateTimeException("a range has two ends");
      }
    }
    return days;
  }

  private static DayOfWeek day(String text) {
    return Arrays.stream(DayOfWeek.values())
        .filter(
            day ->
                day.name().equalsIgnoreCase(text)
                    || day.name().substring(0, DAY_LETTERS).equalsIgnoreCase(text))
        .findFirst()
        .orElseThrow(() -> new DateTimeException("no day " + text));
  }

  private static LocalTime time(String text) {
    return text.equals("24:00") ? LocalTime.MIDNIGHT : LocalTime.parse(text, TIME);
  }

  /** Whether a time lies in the window. */
  public boolean contains(Instant instant) {
    ZonedDateTime time = instant.atZone(ZoneOffset.UTC);
    return began(time, 0) || began(time, 1);
  }

  /** Whether the time lies in a window that began so many days before. */
  private boolean began(ZonedDateTime time, int daysBefore) {
    ZonedDateTime begin =
        time.toLocalDate().minusDays(daysBefore).atTime(from).atZone(time.getZone());
    Duration length = Duration.between(from, until);
    ZonedDateTime end = begin.plus(length.isPositive() ? length : length.plusDays(1));
    return days.contains(begin.getDayOfWeek()) && !time.isBefore(begin) && time.isBefore(end);
  }

  /** The form that {@link #parse} reads. */
  @Override
  public String toString() {
    String names =
        days.size() == DayOfWeek.values().length
            ? ""
            : String.join(
                    ",",
                    days.stream()
                        .sorted()
                        .map(day -> day.name().substring(0, DAY_LETTERS).toLowerCase(Locale.ROOT))
                        .toList())
                + " ";
    return names + TIME.format(from) + "-" + TIME.format(until);
  }
}
