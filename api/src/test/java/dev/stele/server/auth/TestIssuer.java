package dev.stele.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.stele.event.Identity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** An OpenID Connect issuer: serves its discovery document and its keys, which can change. */
public final class TestIssuer implements AutoCloseable {
  public static final String AUDIENCE = "https://registry.example.com";

  private final HttpServer server;
  private final AtomicInteger asked = new AtomicInteger();
  private volatile JWK key;
  private volatile List<JWK> served;
  private volatile Optional<String> answer = Optional.empty();
  private volatile Duration delay = Duration.ZERO;
  private volatile int status = 200;

  public TestIssuer() throws Exception {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/.well-known/openid-configuration", this::discovery);
    server.createContext("/keys", this::keys);
    server.start();
    rotate("first");
  }

  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Signs by another key from now on, and serves that alone. */
  public void rotate(String id) throws Exception {
    key = new RSAKeyGenerator(2048).keyID(id).keyUse(KeyUse.SIGNATURE).generate();
    served = List.of(key);
  }

  /** Signs by a key on an elliptic curve, and serves it beside those before. */
  void addCurve(String id) throws Exception {
    JWK before = key;
    key = new ECKeyGenerator(Curve.P_256).keyID(id).generate();
    served = List.of(before, key);
  }

  /** Serves this in the place of its keys. */
  void serve(String text) {
    answer = Optional.of(text);
  }

  void serveKeys() {
    answer = Optional.empty();
    delay = Duration.ZERO;
    status = 200;
  }

  void answerAfter(Duration time) {
    delay = time;
  }

  void answer(int code) {
    status = code;
  }

  /** How often somebody asked for the keys. */
  int asked() {
    return asked.get();
  }

  JWK key() {
    return key;
  }

  private void discovery(HttpExchange exchange) throws IOException {
    send(exchange, "{\"issuer\":\"%s\",\"jwks_uri\":\"%s/keys\"}".formatted(url(), url()));
  }

  private void keys(HttpExchange exchange) throws IOException {
    asked.incrementAndGet();
    try {
      Thread.sleep(delay);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    send(exchange, answer.orElseGet(() -> new JWKSet(served).toString()));
  }

  private void send(HttpExchange exchange, String text) throws IOException {
    try (exchange) {
      byte[] bytes = text.getBytes(UTF_8);
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  /** What a token says that counts for five minutes. */
  public JWTClaimsSet.Builder claims() {
    Instant now = Instant.now();
    return new JWTClaimsSet.Builder()
        .issuer(url())
        .audience(AUDIENCE)
        .subject("repo:octo-org/octo-repo:ref:refs/heads/main")
        .jwtID("run-17")
        .issueTime(Date.from(now))
        .notBeforeTime(Date.from(now))
        .expirationTime(Date.from(now.plusSeconds(300)))
        .claim("repository", "octo-org/octo-repo")
        .claim("repository_owner", "octo-org")
        .claim("groups", List.of("octo-org", "builders"));
  }

  /** A token by its key. */
  public String sign(JWTClaimsSet claims) throws Exception {
    return sign(header().build(), claims, key);
  }

  JWSHeader.Builder header() {
    return new JWSHeader.Builder(key instanceof ECKey ? JWSAlgorithm.ES256 : JWSAlgorithm.RS256)
        .type(JOSEObjectType.JWT)
        .keyID(key.getKeyID());
  }

  static String sign(JWSHeader header, JWTClaimsSet claims, JWK by) throws Exception {
    JWSSigner signer =
        by instanceof ECKey curve ? new ECDSASigner(curve) : new RSASSASigner((RSAKey) by);
    SignedJWT token = new SignedJWT(header, claims);
    token.sign(signer);
    return token.serialize();
  }

  /** As a section named {@code ci} would have it. */
  public OidcSettings settings() {
    return new OidcSettings(
        "ci",
        url(),
        Set.of(AUDIENCE),
        Optional.empty(),
        Optional.empty(),
        new ClaimTemplate("${repository}"),
        List.of(new ClaimTemplate("${groups}"), new ClaimTemplate("owner-${repository_owner}")),
        Map.of(),
        Duration.ofSeconds(30),
        Identity.Kind.WORKLOAD);
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
