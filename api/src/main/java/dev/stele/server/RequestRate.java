package dev.stele.server;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stele.event.Identity;
import dev.stele.server.config.Configuration;
import dev.stele.server.http.ClientNetwork;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.RefusedRequestException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * How many requests a caller may send to this node: a token bucket for each, which has room for a
 * burst and is filled at a steady rate. Kept as the moment when the bucket is full again, so one
 * number a caller; of at most {@value #MOST} callers, and of none whose bucket is full. Beyond
 * that, those go first that did not come lately, and have a full bucket when they come again.
 * Thread-safe.
 */
final class RequestRate {
  private static final int MOST = 100_000;
  private static final long SECOND = 1_000_000_000L;

  private final int perSecond;
  private final int burst;
  private final long interval;
  private final LongSupplier nanos;
  private final Cache<Caller, AtomicLong> fullAgain;
  private final Counter byIdentity;
  private final Counter byAddress;

  /**
   * Whose bucket it is.
   *
   * @param signedIn whether the name is an identity's, rather than an address or network
   */
  private record Caller(boolean signedIn, Object name) {}

  /**
   * @param nanos what {@link System#nanoTime} is
   */
  RequestRate(Configuration.RequestLimit limit, LongSupplier nanos, MeterRegistry meters) {
    this.perSecond = limit.perSecond();
    this.burst = limit.burst();
    this.interval = limit.isSet() ? SECOND / limit.perSecond() : 0;
    this.nanos = nanos;
    this.fullAgain =
        Caffeine.newBuilder()
            .maximumSize(MOST)
            .expireAfterAccess(Duration.ofNanos(burst * interval))
            .ticker(nanos::getAsLong)
            .build();
    this.byIdentity = counter(meters, "identity");
    this.byAddress = counter(meters, "address");
  }

  private static Counter counter(MeterRegistry meters, String by) {
    return Counter.builder("stele.http.limited")
        .description("Requests refused since their caller had sent too many")
        .tag("by", by)
        .register(meters);
  }

  /**
   * Takes note of a request by somebody.
   *
   * @param address from where, in numbers
   * @throws RefusedRequestException 429 if they have sent too many; that one does not count
   */
  void take(Identity identity, String address) {
    switch (identity.kind()) {
      case LOCAL, SYSTEM -> {}
      case ANONYMOUS, CLAIMED -> take(address);
      case USER, ROBOT, WORKLOAD, CERTIFICATE ->
          take(new Caller(true, identity), identity.name(), byIdentity);
    }
  }

  /** The same by somebody who did not sign in. */
  void take(String address) {
    take(new Caller(false, ClientNetwork.of(address)), address, byAddress);
  }

  private void take(Caller caller, String told, Counter refused) {
    long wait = interval == 0 ? 0 : wait(caller);
    if (wait > 0) {
      refused.increment();
      long seconds = (wait + SECOND - 1) / SECOND;
      throw new DistributionError(
              429,
              ErrorCode.TOOMANYREQUESTS,
              "too many requests by %s: %,d a second are served, and %,d at once; try again in %,d s"
                  .formatted(told, perSecond, burst, seconds))
          .with("Retry-After", Long.toString(seconds))
          .asException();
    }
  }

  /** Takes a token; in how many nanoseconds there is one, if there is none. */
  private long wait(Caller caller) {
    AtomicLong full = fullAgain.get(caller, _ -> new AtomicLong(nanos.getAsLong()));
    while (true) {
      long known = full.get();
      long now = nanos.getAsLong();
      long taken = (known - now > 0 ? known : now) + interval;
      long missing = taken - now - burst * interval;
      if (missing > 0) {
        return missing;
      }
      if (full.compareAndSet(known, taken)) {
        return 0;
      }
    }
  }

  /** Of how many callers something is kept now, about. */
  long callers() {
    fullAgain.cleanUp();
    return fullAgain.estimatedSize();
  }
}
