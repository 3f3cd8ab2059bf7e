package dev.stele.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stele.timestamp.TimeStamp;
import dev.stele.timestamp.TimeStampException;
import dev.stele.timestamp.TimeStampQuery;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has an authority say when it saw what was signed, on the node that leads. It keeps nobody
 * waiting, and nothing of the database is held while it is asked. For one thread, but for {@link
 * #alarm} and {@link #close}.
 */
final class Stamper implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(Stamper.class);

  /** After so long without an answer that is one somebody must see to it. */
  static final Duration MISSING = Duration.ofMinutes(15);

  /** How long what is witnessed is waited for: it is better to have all about one checkpoint. */
  static final Duration FOR_WITNESSES = Duration.ofMinutes(1);

  /** By how much the authority's time may differ from this node's. */
  static final Duration TOLERANCE = Duration.ofMinutes(1);

  private static final Duration FRESH = Duration.ofSeconds(10);

  private final Jdbi jdbi;
  private final TimeStamping how;
  private final InstantSource clock;
  private int failures;
  private Instant quietUntil = Instant.MIN;
  private volatile boolean closed;
  private volatile Optional<Failing> failing = Optional.empty();
  private volatile Optional<String> difference = Optional.empty();

  /** Since when there is no token, and why. */
  private record Failing(Instant since, String why) {}

  Stamper(Jdbi jdbi, TimeStamping how, InstantSource clock) {
    this.jdbi = jdbi;
    this.how = how;
    this.clock = clock;
  }

  /** Shows when the newest time stamp is from. */
  void measure(MeterRegistry meters) {
    Sampled<Optional<Instant>> newest =
        new Sampled<>(
            jdbi,
            FRESH,
            handle -> Checkpoints.stamped(handle).map(found -> found.stamp().orElseThrow().at()));
    TimeGauge.builder(
            "stele.time.stamp.timestamp",
            newest,
            TimeUnit.SECONDS,
            sampled ->
                sampled
                    .get()
                    .flatMap(at -> at)
                    .map(at -> (double) at.getEpochSecond())
                    .orElse(Double.NaN))
        .description("The time that the newest time stamp of the log says, in seconds since 1970")
        .strongReference(true)
        .register(meters);
  }

  /** What an operator must see to, if anything. */
  Optional<String> alarm() {
    return failing
        .filter(found -> !clock.instant().isBefore(found.since().plus(MISSING)))
        .map(
            found ->
                "the time-stamp authority has not stamped the log since %s: %s; pushes go on, and the log is signed"
                    .formatted(found.since(), found.why()))
        .or(() -> difference);
  }

  /** Has stamped what is due. Only for the node that leads. */
  boolean step() throws InterruptedException {
    Instant before = clock.instant();
    if (closed || before.isBefore(quietUntil)) {
      return false;
    }
    Optional<Checkpoints.Signed> due = Availability.read(jdbi, this::due);
    if (due.isEmpty()) {
      return false;
    }
    byte[] data = due.get().note().text().getBytes(UTF_8);
    TimeStampQuery query = TimeStampQuery.about(data);
    byte[] token;
    TimeStamp stamp;
    try {
      token = query.accept(how.authority().ask(query.bytes()), how.trusted());
      stamp = TimeStamp.verify(token, data, how.trusted());
    } catch (IOException | TimeStampException e) {
      failed(before, e.getMessage());
      return false;
    }
    Instant after = clock.instant();
    Availability.run(
        () ->
            jdbi.useHandle(
                handle -> Checkpoints.stamp(handle, due.get().number(), token, stamp.at())));
    failures = 0;
    failing.ifPresent(_ -> logger.info("the time-stamp authority stamps the log again"));
    failing = Optional.empty();
    compare(before, stamp.at(), after);
    return false;
  }

  /** What is to be stamped now: rather what witnesses have cosigned, if that is not long ago. */
  private Optional<Checkpoints.Signed> due(Handle handle) {
    Optional<Checkpoints.Signed> last = Checkpoints.stamped(handle);
    return Checkpoints.witnessed(handle)
        .filter(found -> isDue(found, last, how.every()))
        .or(
            () ->
                Checkpoints.newest(handle)
                    .filter(found -> isDue(found, last, how.every().plus(FOR_WITNESSES))));
  }

  /** Whether there is more to stamp, and some time has passed since the last was signed. */
  private static boolean isDue(
      Checkpoints.Signed found, Optional<Checkpoints.Signed> last, Duration apart) {
    return last.isEmpty()
        || (found.checkpoint().size() > last.get().checkpoint().size()
            && !found.signedAt().isBefore(last.get().signedAt().plus(apart)));
  }

  private void failed(Instant at, String why) {
    if (closed) {
      return;
    }
    failures++;
    Duration pause = Witnesses.pause(failures);
    quietUntil = clock.instant().plus(pause);
    failing = Optional.of(new Failing(failing.map(Failing::since).orElse(at), why));
    logger.warn(
        "the time-stamp authority did not stamp the log ({} in a row): {}; next try in {}",
        failures,
        why,
        pause);
  }

  /** It looked at its clock between the two looks at this node's. */
  private void compare(Instant before, Instant authority, Instant after) {
    Optional<String> told =
        authority.isBefore(before.minus(TOLERANCE)) || authority.isAfter(after.plus(TOLERANCE))
            ? Optional.of(
                "the time-stamp authority says that it is %s, and this node's clock reads %s: one of them is wrong"
                    .formatted(authority, after))
            : Optional.empty();
    told.ifPresent(text -> logger.warn("{}", text));
    difference = told;
  }

  /** Makes what is being asked fail, which is not noted. */
  @Override
  public void close() {
    closed = true;
    how.authority().close();
  }
}
