package dev.stele.server.auth;

import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetRetrievalException;
import com.nimbusds.jose.jwk.source.JWKSetSource;
import com.nimbusds.jose.proc.SecurityContext;
import dev.stele.log.RepeatedWarning;
import java.io.IOException;
import java.net.URI;
import java.text.ParseException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Public keys as an issuer serves them: each time they are asked for, its discovery document and
 * what that names as keys, within {@link #DEADLINE} together. Others remember them. Thread-safe.
 */
final class RemoteKeys implements JWKSetSource<SecurityContext> {
  /** For the discovery document and the keys together. */
  static final Duration DEADLINE = IssuerClient.DEADLINE;

  private static final Logger logger = LoggerFactory.getLogger(RemoteKeys.class);
  private static final int MOST_KEYS = 100;

  private final RepeatedWarning failures = new RepeatedWarning(logger);
  private final OidcSettings settings;
  private final IssuerClient client;
  private final SourceMetrics metrics;

  /**
   * @param client is closed with this
   * @param metrics is told whether there were keys
   */
  RemoteKeys(OidcSettings settings, IssuerClient client, SourceMetrics metrics) {
    this.metrics = metrics;
    this.settings = settings;
    this.client = client;
  }

  /**
   * Reads keys.
   *
   * @throws ParseException if they are none, or too many
   */
  static JWKSet parse(String text) throws ParseException {
    JWKSet keys = JWKSet.parse(text);
    if (keys.size() > MOST_KEYS) {
      throw new ParseException("it has more than " + MOST_KEYS + " keys", 0);
    }
    // Of a pair, nobody but the issuer has to have the private key, and a secret is not public.
    return keys.toPublicJWKSet();
  }

  @Override
  public JWKSet getJWKSet(JWKSetCacheRefreshEvaluator refresh, long now, SecurityContext context)
      throws JWKSetRetrievalException {
    try {
      JWKSet keys = fetch(IssuerClient.deadline());
      logger.debug("{}: {} keys", settings.section(), keys.size());
      metrics.succeeded();
      return keys;
    } catch (IOException e) {
      metrics.failed();
      String message =
          "%s: the keys of %s cannot be had: %s"
              .formatted(settings.section(), settings.issuer(), e.getMessage());
      failures.warn(message, message);
      throw new JWKSetRetrievalException(message, e);
    }
  }

  private JWKSet fetch(long deadline) throws IOException {
    URI keys = IssuerClient.address(client.discovery(deadline), "jwks_uri");
    try {
      return parse(client.get(keys, deadline));
    } catch (ParseException e) {
      throw new IOException("what it serves as keys are none: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    client.close();
  }
}
