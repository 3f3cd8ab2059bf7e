package dev.stele.server.auth;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * Asks an issuer over HTTP. An answer has {@value #LARGEST} bytes at most and comes by a deadline;
 * no redirect is followed. Thread-safe.
 */
final class IssuerClient implements AutoCloseable {
  /** For what belongs together, such as the discovery document and the keys. */
  static final Duration DEADLINE = Duration.ofSeconds(5);

  private static final int LARGEST = 256 << 10;
  private static final String DISCOVERY = "/.well-known/openid-configuration";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final OidcSettings settings;
  private final HttpClient client;

  /** What an issuer answered, be it an error. */
  record Answer(int status, JsonNode body) {
    /** A text of it; empty if that is not there. */
    String text(String field) {
      return body.path(field).asText();
    }
  }

  /**
   * @throws IOException if the authorities to trust cannot be read; the message is fit for people
   */
  IssuerClient(OidcSettings settings) throws IOException {
    this.settings = settings;
    HttpClient.Builder builder =
        HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).connectTimeout(DEADLINE);
    if (settings.authorities().isPresent()) {
      builder.sslContext(
          new PemFile(settings.section() + ".ca", settings.authorities().get()).trusting());
    }
    this.client = builder.build();
  }

  /** The deadline of what begins now. */
  static long deadline() {
    return System.nanoTime() + DEADLINE.toNanos();
  }

  /** What the issuer says of itself. */
  JsonNode discovery(long deadline) throws IOException {
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
    return discovery;
  }

  /** An address that the discovery document names. */
  static URI address(JsonNode discovery, String name) throws IOException {
    try {
      return OidcSettings.address(discovery.path(name).asText());
    } catch (IllegalArgumentException e) {
      throw new IOException(
          "its discovery document names no %s: %s".formatted(name, e.getMessage()), e);
    }
  }

  String get(URI uri, long deadline) throws IOException {
    HttpRequest request = HttpRequest.newBuilder(uri).header("Accept", "application/json").build();
    HttpResponse<String> got = send(request, deadline);
    if (got.statusCode() != 200) {
      throw new IOException("%s answered %d".formatted(uri, got.statusCode()));
    }
    return got.body();
  }

  /**
   * Posts a form.
   *
   * @param authorization the header, if there is to be one
   * @throws IOException if there is no answer, or one that is no JSON; the message has nothing of
   *     the form
   */
  Answer post(URI uri, Map<String, String> form, Optional<String> authorization, long deadline)
      throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .header("Accept", "application/json")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(BodyPublishers.ofString(encoded(form)));
    authorization.ifPresent(value -> request.header("Authorization", value));
    HttpResponse<String> got = send(request.build(), deadline);
    try {
      return new Answer(got.statusCode(), JSON.readTree(got.body()));
    } catch (JsonProcessingException e) {
      throw new IOException("%s answered %d without JSON".formatted(uri, got.statusCode()), e);
    }
  }

  /** As a form or the query of an address has it. */
  static String encoded(Map<String, String> form) {
    return form.entrySet().stream()
        .map(entry -> encoded(entry.getKey()) + "=" + encoded(entry.getValue()))
        .collect(Collectors.joining("&"));
  }

  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private HttpResponse<String> send(HttpRequest request, long deadline) throws IOException {
    URI uri = request.uri();
    // HttpRequest's own timeout ends with the headers; the body may stop, too.
    CompletableFuture<HttpResponse<String>> answer =
        client.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofString(), LARGEST));
    try {
      return answer.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
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
