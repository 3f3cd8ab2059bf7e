package dev.stele.server.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stele.server.http.ClientNetwork;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.RefusedRequestException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Who tries passwords is told to wait: after {@value #BY_NAME} that were wrong within a minute for
 * a name from an address, and {@value #BY_ADDRESS} for whatever names, no more are looked at from
 * there until that minute is over. So nobody can keep somebody else from signing in. What counts as
 * an address is {@link ClientNetwork}'s to say. Keeps a number for each of the last {@value
 * #REMEMBERED} that failed. Thread-safe.
 */
final class FailedSignIns {
  private static final int BY_NAME = 10;
  private static final int BY_ADDRESS = 30;
  private static final int REMEMBERED = 100_000;
  private static final Duration WINDOW = Duration.ofMinutes(1);

  private final Cache<String, AtomicInteger> failures;

  /**
   * @param failures with the time that it goes by
   */
  FailedSignIns(Caffeine<Object, Object> failures) {
    this.failures = failures.maximumSize(REMEMBERED).expireAfterWrite(WINDOW).build();
  }

  /**
   * Lets a password be looked at, or not.
   *
   * @param address that the request came from, in numbers
   * @throws RefusedRequestException 429 if too many were wrong
   */
  void check(String name, String address) {
    if (areTooMany(name, address)) {
      throw tooMany();
    }
  }

  /** Whether none is to be looked at. */
  boolean areTooMany(String name, String address) {
    String network = ClientNetwork.of(address);
    return count(network) >= BY_ADDRESS || count(name + '\n' + network) >= BY_NAME;
  }

  /** What whoever has to wait is answered. */
  static RefusedRequestException tooMany() {
    return new DistributionError(
            429,
            ErrorCode.TOOMANYREQUESTS,
            "too many passwords from there were wrong; try again in a minute")
        .with("Retry-After", Long.toString(WINDOW.toSeconds()))
        .asException();
  }

  /** Takes note of a wrong one. */
  void add(String name, String address) {
    String network = ClientNetwork.of(address);
    increment(network);
    increment(name + '\n' + network);
  }

  private int count(String key) {
    AtomicInteger counted = failures.getIfPresent(key);
    return counted == null ? 0 : counted.get();
  }

  private void increment(String key) {
    int _ = failures.get(key, _ -> new AtomicInteger()).incrementAndGet();
  }
}
