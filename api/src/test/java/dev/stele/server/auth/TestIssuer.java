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
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An OpenID Connect issuer: serves its discovery document and its keys, which can change. People
 * are signed in as soon as a browser comes; see {@link #idTokens}.
 */
public final class TestIssuer implements AutoCloseable {
  public static final String AUDIENCE = "https://registry.example.com";

  public static final String CLIENT = "registry client";
  public static final String SECRET = "s3cret:+%";

  private final HttpServer server;
  private final AtomicInteger asked = new AtomicInteger();
  private volatile JWK key;
  private volatile List<JWK> served;
  private volatile Optional<String> answer = Optional.empty();
  private volatile Duration delay = Duration.ZERO;
  private volatile int status = 200;
  private volatile String more = "";
  private volatile TokenMaker maker = this::sign;
  private final Map<String, Code> codes = new ConcurrentHashMap<>();
  private final Queue<String> device = new ConcurrentLinkedQueue<>();
  private final List<String> authorizations = new CopyOnWriteArrayList<>();

  /** A code that was given to a browser, and counts once. */
  private record Code(String redirect, String challenge, String nonce) {}

  /** Makes an ID token of what it is to say. */
  @FunctionalInterface
  public interface TokenMaker {
    String make(JWTClaimsSet claims) throws Exception;
  }

  public TestIssuer() throws Exception {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/.well-known/openid-configuration", this::discovery);
    server.createContext("/keys", this::keys);
    server.createContext("/authorize", this::authorize);
    server.createContext("/token", this::token);
    server.createContext("/device", this::device);
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

  public void answerAfter(Duration time) {
    delay = time;
  }

  public void answer(int code) {
    status = code;
  }

  /** How often somebody asked for the keys. */
  int asked() {
    return asked.get();
  }

  public JWK key() {
    return key;
  }

  private void discovery(HttpExchange exchange) throws IOException {
    send(
        exchange,
        """
        {"issuer":"%1$s","jwks_uri":"%1$s/keys","authorization_endpoint":"%1$s/authorize?p=1",
         "token_endpoint":"%1$s/token","device_authorization_endpoint":"%1$s/device"%2$s}
        """
            .formatted(url(), more));
  }

  /** Adds fields to the discovery document, each after a comma. */
  public void discloses(String fields) {
    more = fields;
  }

  /** Makes ID tokens of another kind from now on. */
  public void idTokens(TokenMaker other) {
    maker = other;
  }

  /** What is answered to whoever asks whether the code was entered; at last there is a token. */
  public void answersToDevices(String... errors) {
    device.clear();
    device.addAll(List.of(errors));
  }

  /** How the client proved who it is, each time. */
  public List<String> authorizations() {
    return authorizations;
  }

  /** Sends the browser back with a code, once its user has signed in. */
  private void authorize(HttpExchange exchange) throws IOException {
    try (exchange) {
      Map<String, String> query = form(exchange.getRequestURI().getRawQuery());
      boolean right =
          CLIENT.equals(query.get("client_id"))
              && "code".equals(query.get("response_type"))
              && "S256".equals(query.get("code_challenge_method"))
              && "1".equals(query.get("p"))
              && List.of(query.get("scope").split(" ")).contains("openid");
      String code = UUID.randomUUID().toString();
      codes.put(
          code,
          new Code(query.get("redirect_uri"), query.get("code_challenge"), query.get("nonce")));
      exchange
          .getResponseHeaders()
          .set(
              "Location",
              "%s?code=%s&state=%s&session_state=x"
                  .formatted(query.get("redirect_uri"), code, query.get("state")));
      exchange.sendResponseHeaders(right ? 302 : 400, -1);
    }
  }

  private void token(HttpExchange exchange) throws IOException {
    Map<String, String> form = form(new String(exchange.getRequestBody().readAllBytes(), UTF_8));
    String header = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
    authorizations.add(header.startsWith("Basic ") ? "basic" : "post");
    if (!header.equals(basic())
        && !(CLIENT.equals(form.get("client_id")) && SECRET.equals(form.get("client_secret")))) {
      answer(exchange, 401, "{\"error\":\"invalid_client\"}");
    } else if (form.get("grant_type").endsWith("device_code")) {
      String error = "device-17".equals(form.get("device_code")) ? device.poll() : "invalid_grant";
      if (error == null) {
        give(exchange, Optional.empty());
      } else {
        answer(exchange, 400, "{\"error\":\"%s\"}".formatted(error));
      }
    } else {
      Code code = codes.remove(form.get("code"));
      if (code == null
          || !code.redirect().equals(form.get("redirect_uri"))
          || !code.challenge().equals(challenge(form.get("code_verifier")))) {
        answer(exchange, 400, "{\"error\":\"invalid_grant\"}");
      } else {
        give(exchange, Optional.of(code.nonce()));
      }
    }
  }

  private void give(HttpExchange exchange, Optional<String> nonce) throws IOException {
    JWTClaimsSet.Builder claims = claims().audience(CLIENT).claim("email", "mary@example.com");
    nonce.ifPresent(value -> claims.claim("nonce", value));
    try {
      answer(
          exchange,
          200,
          "{\"access_token\":\"opaque\",\"token_type\":\"Bearer\",\"id_token\":\"%s\"}"
              .formatted(maker.make(claims.build())));
    } catch (Exception e) {
      throw new IOException(e);
    }
  }

  private void device(HttpExchange exchange) throws IOException {
    answer(
        exchange,
        200,
        """
        {"device_code":"device-17","user_code":"WDJB-MJHT","verification_uri":"%1$s/enter",
         "verification_uri_complete":"%1$s/enter?code=WDJB-MJHT","expires_in":60,"interval":1}
        """
            .formatted(url()));
  }

  private static void answer(HttpExchange exchange, int code, String text) throws IOException {
    try (exchange) {
      byte[] bytes = text.getBytes(UTF_8);
      exchange.sendResponseHeaders(code, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private static String basic() {
    String pair = URLEncoder.encode(CLIENT, UTF_8) + ":" + URLEncoder.encode(SECRET, UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(UTF_8));
  }

  private static String challenge(String verifier) throws IOException {
    try {
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(MessageDigest.getInstance("SHA-256").digest(verifier.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IOException(e);
    }
  }

  private static Map<String, String> form(String text) {
    return Stream.of(text.split("&", -1))
        .map(pair -> pair.split("=", 2))
        .collect(Collectors.toMap(pair -> pair[0], pair -> URLDecoder.decode(pair[1], UTF_8)));
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

  public JWSHeader.Builder header() {
    return new JWSHeader.Builder(key instanceof ECKey ? JWSAlgorithm.ES256 : JWSAlgorithm.RS256)
        .type(JOSEObjectType.JWT)
        .keyID(key.getKeyID());
  }

  public static String sign(JWSHeader header, JWTClaimsSet claims, JWK by) throws Exception {
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
        Identity.Kind.WORKLOAD,
        Optional.empty());
  }

  /** As a section named {@code corp} would have it, at which people sign in for so long. */
  public OidcSettings people(Duration session) {
    return new OidcSettings(
        "corp",
        url(),
        Set.of(),
        Optional.empty(),
        Optional.empty(),
        new ClaimTemplate("${email}"),
        List.of(new ClaimTemplate("${groups}")),
        Map.of("repository_owner", "octo-org"),
        Duration.ofSeconds(30),
        Identity.Kind.USER,
        Optional.of(
            new OidcSettings.Client(
                CLIENT, Optional.of(SECRET), List.of("openid", "email"), session)));
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
