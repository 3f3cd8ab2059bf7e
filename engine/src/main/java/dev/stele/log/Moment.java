package dev.stele.log;

import dev.stele.oci.InvalidNameException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A moment of the past as people name it: a time, or a position of the log. {@link LogReader#asOf}
 * says which events had happened by then.
 */
public sealed interface Moment {
  /** Right after the event at a position. Written {@code p12345}. */
  record AtPosition(long position) implements Moment {
    @Override
    public String toString() {
      return "p" + position;
    }
  }

  /** Right after the last event that was recorded at or before a time. */
  record AtInstant(Instant instant) implements Moment {
    /** RFC 3339, in UTC. */
    @Override
    public String toString() {
      return instant.toString();
    }
  }

  /**
   * Reads {@code p12345}, an RFC 3339 time such as {@code 2026-03-03T14:05:00Z}, or the compact
   * form of one in UTC, {@code 20260303t140500z}, with up to six digits after a point for fractions
   * of a second. A time without a zone is in UTC, and may lack its seconds; a date alone is its
   * midnight.
   *
   * @throws InvalidNameException if it is none of these
   */
  static Moment parse(String text) {
    return inPath(text).orElseGet(() -> Grammar.rfc3339(text));
  }

  /**
   * Reads a moment where a repository name may stand as well, as a path segment: a position or a
   * compact time. Empty for what does not look like either.
   *
   * @throws InvalidNameException if it looks like one but there is no such date or time
   */
  static Optional<Moment> inPath(String segment) {
    if (Grammar.POSITION.matcher(segment).matches()) {
      return Optional.of(new AtPosition(Long.parseLong(segment.substring(1))));
    }
    Matcher compact = Grammar.COMPACT.matcher(segment);
    return compact.matches() ? Optional.of(Grammar.compact(segment)) : Optional.empty();
  }

  /** How moments are written. */
  final class Grammar {
    private static final Pattern POSITION = Pattern.compile("p[0-9]{1,18}");
    private static final Pattern COMPACT = Pattern.compile("[0-9]{8}t[0-9]{6}(?:\\.[0-9]{1,6})?z");
    private static final DateTimeFormatter READABLE_TIME =
        new DateTimeFormatterBuilder()
            .parseCaseInsensitive()
            .append(DateTimeFormatter.ISO_LOCAL_DATE)
            .optionalStart()
            .appendLiteral('T')
            .append(DateTimeFormatter.ISO_LOCAL_TIME)
            .optionalStart()
            .appendOffsetId()
            .toFormatter(java.util.Locale.ROOT)
            .withResolverStyle(java.time.format.ResolverStyle.STRICT);
    private static final DateTimeFormatter COMPACT_TIME =
        new DateTimeFormatterBuilder()
            .appendPattern("uuuuMMdd't'HHmmss")
            .optionalStart()
            .appendFraction(ChronoField.MICRO_OF_SECOND, 1, 6, true)
            .optionalEnd()
            .appendLiteral('z')
            .toFormatter(java.util.Locale.ROOT)
            .withResolverStyle(java.time.format.ResolverStyle.STRICT);

    private Grammar() {}

    private static Moment compact(String text) {
      try {
        return new AtInstant(LocalDateTime.parse(text, COMPACT_TIME).toInstant(ZoneOffset.UTC));
      } catch (DateTimeException e) {
        throw invalid(text, "there is no such date or time");
      }
    }

    private static Moment rfc3339(String text) {
      TemporalAccessor time;
      try {
        time =
            READABLE_TIME.parseBest(
                text, OffsetDateTime::from, LocalDateTime::from, LocalDate::from);
      } catch (DateTimeException e) {
        throw invalid(
            text,
            "use a time such as 2026-03-03T14:05:00Z, 2026-03-03T14:05 or 2026-03-03 (UTC unless it"
                + " names a zone) or 20260303t140500z, or a position of the log such as p12345");
      }
      if (time.get(ChronoField.YEAR) < 1 || time.get(ChronoField.YEAR) > 9999) {
        throw invalid(text, "a year has four digits");
      }
      return new AtInstant(
          switch (time) {
            case OffsetDateTime zoned -> zoned.toInstant();
            case LocalDateTime local -> local.toInstant(ZoneOffset.UTC);
            default -> LocalDate.from(time).atStartOfDay(ZoneOffset.UTC).toInstant();
          });
    }

    private static InvalidNameException invalid(String text, String what) {
      return new InvalidNameException(
          InvalidNameException.Kind.MOMENT,
          InvalidNameException.quote(text) + " is not written as a moment: " + what);
    }
  }
}
