package dev.stele.server.auth;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetRetrievalException;
import com.nimbusds.jose.jwk.source.JWKSetSource;
import com.nimbusds.jose.proc.SecurityContext;
import dev.stele.log.RepeatedWarning;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.text.ParseException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Public keys as an issuer serves them: each time they are asked for, its discovery document and
 * what that names as keys, within {@link #DEADLINE} together and {@value #LARGEST} bytes each, and
 * following no redirect. Others remember them. Thread-safe.
 */
final class RemoteKeys implements JWKSetSource<SecurityContext> {
  /** For the discovery document and the keys together. */
  static final Duration DEADLINE = Duration.ofSeconds(5);

  private static final Logger logger = LoggerFactory.getLogger(RemoteKeys.class);
  private static final int LARGEST = 256 << 10;
  private static final int MOST_KEYS = 100;
  private static final String DISCOVERY = "/.well-known/openid-configuration";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final RepeatedWarning failures = new RepeatedWarning(logger);
  private final OidcSettings settings;
  private final HttpClient client;

  /**
   * @throws IOException if the authorities to trust cannot be read; the message is fit for people
   */
  RemoteKeys(OidcSettings settings) throws IOException {
    this.settings = settings;
    HttpClient.Builder builder =
        HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).connectTimeout(DEADLINE);
    if (settings.authorities().isPresent()) {
      builder.sslContext(
          new PemFile(settings.section() + ".ca", settings.authorities().get()).trusting());
    }
    this.client = builder.build();
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
      JWKSet keys = fetch(System.nanoTime() + DEADLINE.toNanos());
      logger.debug("{}: {} keys", settings.section(), keys.size());
      return keys;
    } catch (IOException e) {
      String message =
          "%s: the keys of %s cannot be had: %s"
              .formatted(settings.section(), settings.issuer(), e.getMessage());
      failures.warn(message, message);
      throw new JWKSetRetrievalException(message, e);
    }
  }

  private JWKSet fetch(long deadline) throws IOException {
    String issuer = settings.issuer();
    String base = issuer.endsWith("/") ? issuer.substring(0, issuer.length() - 1) : issuer;
    JsonNode discovery;
    try {
      discovery = JSON.readTree(get(URI.create(base + DISCOVERY), deadline));
    } catch (JsonProcessingException e) {
      throw new IOException("its discovery document is no JSON", e);
    }
    // As OpenID Connect Discovery demands, so that no other issuer's keys are taken for its.
    if (!issuer.equals(discovery.path("issuer").asText())) {
      throw new IOException("its discovery document is that of another issuer");
    }
    URI keys;
    try {
      keys = OidcSettings.address(discovery.path("jwks_uri").asText());
    } catch (IllegalArgumentException e) {
      throw new IOException("its discovery document names no jwks_uri: " + e.getMessage(), e);
    }
    try {
      return parse(get(keys, deadline));
    } catch (ParseException e) {
      throw new IOException("what it serves as keys are none: " + e.getMessage(), e);
    }
  }

  private String get(URI uri, long deadline) throws IOException {
    HttpRequest request = HttpRequest.newBuilder(uri).header("Accept", "application/json").build();
    // HttpRequest's own timeout ends with the headers; the body may stop, too.
    CompletableFuture<HttpResponse<String>> answer =
        client.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofString(), LARGEST));
    try {
      HttpResponse<String> got =
          answer.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
      if (got.statusCode() != 200) {
        throw new IOException("%s answered %d".formatted(uri, got.statusCode()));
      }
      return got.body();
    } catch (TimeoutException e) {
      throw new IOException("%s did not answer within %s".formatted(uri, DEADLINE), e);
    } catch (ExecutionException e) {
      throw new IOException("%s: %s".formatted(uri, reason(e.getCause())), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      answer.cancel(true);
    }
  }

  private static String reason(Throwable cause) {
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
