package dev.stele.server.evidence;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Which time-stamp authority is asked (RFC 3161), and how often.
 *
 * @param url http or https
 * @param trusted a PEM file with the certificates to which the authority's must lead
 * @param every from one time stamp to the next, at least
 * @param login who it is asked as, if it asks for that
 */
public record TimeStampSettings(URI url, Path trusted, Duration every, Optional<Login> login) {
  /** A user and a password, as HTTP's basic authentication has them. */
  public record Login(String user, String password) {
    /** Does not show the password. */
    @Override
    public String toString() {
      return user;
    }
  }
}
