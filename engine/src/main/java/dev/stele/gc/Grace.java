package dev.stele.gc;

import dev.stele.log.ClockWatch;
import dev.stele.projection.ReachabilityView;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * How long things must have been unreachable before they are collected, by the database's clock.
 * Time in which nobody saw that clock counts towards no grace period. Thread-safe.
 */
final class Grace {
  private final Jdbi jdbi;
  private final GcOptions options;

  Grace(Jdbi jdbi, GcOptions options) {
    this.jdbi = jdbi;
    this.options = options;
  }

  Instant now() {
    return jdbi.withHandle(
        handle ->
            handle
                .createQuery("SELECT clock_timestamp()")
                .mapTo(OffsetDateTime.class)
                .one()
                .toInstant());
  }

  /** How long something must have been unreachable now. */
  Duration patience() {
    return seen(options.patience());
  }

  /** What has been unreachable since then or longer is past grace. */
  Instant cutoff() {
    return now().minus(patience());
  }

  /** How long manifests must have been unreachable: the policy may ask for longer than we do. */
  Duration ofManifests(Handle handle) {
    Duration delay = ReachabilityView.policy(handle).delay();
    return ClockWatch.seen(
        handle, delay.compareTo(options.patience()) > 0 ? delay : options.patience());
  }

  /** A time, and as much more as nobody saw the clock of late. */
  Duration seen(Duration time) {
    return jdbi.withHandle(handle -> ClockWatch.seen(handle, time));
  }
}
