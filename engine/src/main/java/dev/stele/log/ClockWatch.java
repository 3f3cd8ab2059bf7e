package dev.stele.log;

import dev.stele.sql.Pipeline;
import dev.stele.sql.Values;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;

/**
 * Tells a clock that is wrong from one that is right, as far as that can be known. The database's
 * clock gives events their times, and what is removed follows from those, so a false one does
 * lasting harm: while it is in doubt nothing is appended and nothing is removed.
 *
 * <p>It is in doubt while the database's clock and this node's are more than a tolerance apart, or
 * it is as much behind the last event, or it has leapt as much since this process last looked,
 * measured by what does not follow it. The last two end when an operator confirms the clock, all
 * when it is right again. Time that went by while no node looked cannot be told from a leap:
 * appending goes on then, but that time counts towards no grace period ({@link #seen}), and after
 * more than {@link #LONGEST_ABSENCE} nothing is removed until an operator confirms.
 *
 * <p>Thread-safe.
 */
public final class ClockWatch {
  /** How far clocks may be apart unless somebody says otherwise. */
  public static final Duration DEFAULT_TOLERANCE = Duration.ofMinutes(5);

  /** After so long without any node, what is due for removal waits for a word. */
  public static final Duration LONGEST_ABSENCE = Duration.ofDays(7);

  private static final Duration NOTED_EVERY = Duration.ofMinutes(1);

  /** Nodes that are there note it more often. */
  private static final Duration UNNOTICED = Duration.ofMinutes(5);

  private static final Duration ABSENCES_REMEMBERED = Duration.ofDays(400);
  private static final Path UPTIME = Path.of("/proc/uptime");

  private final Duration tolerance;
  private final InstantSource node;
  private final LongSupplier nanos;
  private final Supplier<OptionalLong> uptimeMillis;
  private Anchor anchor;
  private volatile Optional<String> doubt = Optional.empty();
  private volatile Optional<String> absence = Optional.empty();
  private volatile Duration difference = Duration.ZERO;

  /** The clock as it was when it was last believed. */
  private record Anchor(Instant clock, long nanos, OptionalLong uptimeMillis, long confirmation) {}

  /** A watch over the database's clock by this machine's. */
  public ClockWatch(Duration tolerance) {
    this(tolerance, InstantSource.system(), System::nanoTime, ClockWatch::uptime);
  }

  /**
   * @param nanos a time that goes on whatever the clock does, but may stop while the machine sleeps
   * @param uptimeMillis one that does not stop then, where there is one
   */
  ClockWatch(
      Duration tolerance,
      InstantSource node,
      LongSupplier nanos,
      Supplier<OptionalLong> uptimeMillis) {
    this.tolerance = tolerance;
    this.node = node;
    this.nanos = nanos;
    this.uptimeMillis = uptimeMillis;
  }

  /** The time since Linux started, which includes what it slept (CLOCK_BOOTTIME). */
  private static OptionalLong uptime() {
    try {
      String text = Files.readString(UPTIME);
      return OptionalLong.of((long) (Double.parseDouble(text.split(" ", 2)[0]) * 1000));
    } catch (IOException | NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  /** Why nothing may be appended for now, if so, as far as was last looked. */
  Optional<String> doubt() {
    return doubt;
  }

  /** Why nothing may be removed by its age for now, if so, as far as was last looked. */
  public Optional<String> doubtAboutAges() {
    return doubt.or(() -> absence);
  }

  /** How far the database's clock was last found to be ahead of this node's. */
  public Duration difference() {
    return difference;
  }

  /**
   * Looks at the clocks, and notes in the database that it did if they are plausible. Within a
   * transaction or not.
   *
   * @return {@link #doubtAboutAges}
   */
  public Optional<String> look(Handle handle) {
    ClockReading reading = read(new Pipeline(handle));
    if (judge(reading).isEmpty()
        && absence.isEmpty()
        && reading
            .seenAt()
            .filter(seen -> reading.clock().isBefore(seen.plus(NOTED_EVERY)))
            .isEmpty()) {
      note(handle, reading.clock());
    }
    return doubtAboutAges();
  }

  /**
   * Notes that the clock was plausible, or was confirmed, when it read so, and how long nobody had
   * seen it until then.
   */
  static void note(Handle handle, Instant clock) {
    handle
        .createUpdate(
            """
            WITH absence AS (
              INSERT INTO clock_absence (started_at, ended_at)
              SELECT seen_at, :clock FROM clock_watch WHERE seen_at < :noticed
              ON CONFLICT (started_at) DO UPDATE SET ended_at = excluded.ended_at),
            old AS (
              DELETE FROM clock_absence WHERE ended_at < :remembered)
            INSERT INTO clock_watch (seen_at) VALUES (:clock)
            ON CONFLICT (only_row) DO UPDATE SET seen_at = excluded.seen_at
            """)
        .bind("clock", clock)
        .bind("noticed", clock.minus(UNNOTICED))
        .bind("remembered", clock.minus(ABSENCES_REMEMBERED))
        .execute();
  }

  /**
   * How long ago something must have been for a time to have gone by since then in which nodes saw
   * the clock: what they did not see may be a clock that was set ahead while all were stopped.
   *
   * @param time in which they must have
   */
  public static Duration seen(Handle handle, Duration time) {
    Instant now = now(handle);
    Instant[] since = {now.minus(time)};
    handle
        .createQuery("SELECT started_at, ended_at FROM clock_absence ORDER BY ended_at DESC")
        .map((row, _) -> Map.entry(Values.time(row, "started_at"), Values.time(row, "ended_at")))
        .forEach(
            absence -> {
              if (absence.getValue().isAfter(since[0])) {
                since[0] = since[0].minus(Duration.between(absence.getKey(), absence.getValue()));
              }
            });
    return Duration.between(since[0], now);
  }

  private static Instant now(Handle handle) {
    return handle
        .createQuery("SELECT clock_timestamp()")
        .mapTo(OffsetDateTime.class)
        .one()
        .toInstant();
  }

  ClockReading read(Pipeline pipeline) {
    return ClockReading.read(pipeline, node);
  }

  /** Why not even an operator's word helps, if so. */
  Optional<String> judgeConfirmation(ClockReading reading) {
    return apart(reading);
  }

  /** Why the clocks are in doubt, if they are, going by what they read now. */
  synchronized Optional<String> judge(ClockReading reading) {
    difference = difference(reading);
    doubt = apart(reading).or(() -> behind(reading)).or(() -> leapt(reading));
    if (doubt.isEmpty()) {
      absence = absent(reading);
      anchor =
          new Anchor(
              reading.clock(), nanos.getAsLong(), uptimeMillis.get(), reading.confirmation());
    }
    return doubt;
  }

  /** The database's clock was read somewhen between the node's two readings. */
  private static Duration difference(ClockReading reading) {
    if (reading.clock().isBefore(reading.nodeBefore())) {
      return Duration.between(reading.nodeBefore(), reading.clock());
    }
    return reading.clock().isAfter(reading.nodeAfter())
        ? Duration.between(reading.nodeAfter(), reading.clock())
        : Duration.ZERO;
  }

  private Optional<String> apart(ClockReading reading) {
    return difference(reading).abs().compareTo(tolerance) <= 0
        ? Optional.empty()
        : Optional.of(
            "the clocks disagree: the database's reads %s, this node's %s; set the wrong one right"
                .formatted(seconds(reading.clock()), seconds(reading.nodeAfter())));
  }

  private Optional<String> behind(ClockReading reading) {
    return reading.empty() || !reading.clock().plus(tolerance).isBefore(reading.lastEvent())
        ? Optional.empty()
        : Optional.of(
            ("the clock reads %s, but the last event was recorded at %s: one of the two is false."
                    + " Set the clock right, then confirm it (stele clock confirm)")
                .formatted(seconds(reading.clock()), seconds(reading.lastEvent())));
  }

  private Optional<String> leapt(ClockReading reading) {
    if (anchor == null || reading.confirmation() > anchor.confirmation()) {
      return Optional.empty();
    }
    Duration moved = Duration.between(anchor.clock(), reading.clock());
    Duration elapsed = Duration.ofNanos(nanos.getAsLong() - anchor.nanos());
    if (moved.minus(elapsed).abs().compareTo(tolerance) <= 0) {
      return Optional.empty();
    }
    // The machine may have slept. Where nothing counts that, sleep cannot be told from a leap
    // ahead.
    OptionalLong uptime = uptimeMillis.get();
    boolean slept =
        (uptime.isPresent() && anchor.uptimeMillis().isPresent())
            ? (moved
                    .minusMillis(uptime.getAsLong() - anchor.uptimeMillis().getAsLong())
                    .abs()
                    .compareTo(tolerance)
                <= 0)
            : !moved.minus(elapsed).isNegative();
    return slept
        ? Optional.empty()
        : Optional.of(
            ("the clock leapt to %s, though by the time that went by it would read %s. Set it"
                    + " right, or confirm it (stele clock confirm)")
                .formatted(seconds(reading.clock()), seconds(anchor.clock().plus(elapsed))));
  }

  private static Optional<String> absent(ClockReading reading) {
    Optional<Instant> seen =
        reading
            .seenAt()
            .or(() -> reading.empty() ? Optional.empty() : Optional.of(reading.lastEvent()));
    return seen.filter(
            at -> Duration.between(at, reading.clock()).abs().compareTo(LONGEST_ABSENCE) > 0)
        .map(
            at ->
                ("the clock reads %s, and no node was there to see it since %s: nothing is removed"
                        + " until somebody confirms that it is right (stele clock confirm)")
                    .formatted(seconds(reading.clock()), seconds(at)));
  }

  private static Instant seconds(Instant time) {
    return time.truncatedTo(ChronoUnit.SECONDS);
  }
}
