package dev.stele.registry;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;

/**
 * How what was signed is time-stamped.
 *
 * @param trusted certificates to which that of the authority must lead
 * @param every from one time stamp to the next, at least
 */
public record TimeStamping(
    TimeStampAuthority authority, List<X509Certificate> trusted, Duration every) {
  public TimeStamping {
    trusted = List.copyOf(trusted);
  }
}
