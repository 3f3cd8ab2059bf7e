package dev.stele.server.auth;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.log.RepeatedWarning;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.RefusedRequestException;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.BiFunction;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How people sign in at an issuer: by a browser, with an authorization code and PKCE (OpenID
 * Connect Core 1.0, RFC 7636), or with a code that they enter somewhere else (RFC 8628). What has
 * to be known until they come back is sealed and kept by them. Each step asks the issuer once or
 * twice, within {@link IssuerClient#DEADLINE}, and {@value #MOST_AT_ONCE} at most wait for it at
 * once. Thread-safe.
 */
public final class OidcSignIn {
  /** How long a browser may take. */
  public static final Duration PATIENCE = Duration.ofMinutes(10);

  private static final Logger logger = LoggerFactory.getLogger(OidcSignIn.class);
  private static final int MOST_AT_ONCE = 50;
  private static final Duration REMEMBERED = Duration.ofMinutes(5);
  private static final Duration LONGEST_CODE = Duration.ofMinutes(30);
  private static final int USUAL_INTERVAL = 5;
  private static final int LONGEST_INTERVAL = 60;
  private static final String DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";
  private static final Pattern PRINTABLE = Pattern.compile("[\\x21-\\x7e]{1,1000}");
  private static final Pattern ERROR = Pattern.compile("[a-z_]{1,64}");

  private final OidcSettings settings;
  private final OidcSettings.Client self;
  private final IssuerClient client;
  private final SourceMetrics metrics;
  private final BiFunction<String, Optional<String>, Verdict> idTokens;
  private final Sealed browsers;
  private final Sealed devices;
  private final SecureRandom random = new SecureRandom();
  private final Semaphore waiting = new Semaphore(MOST_AT_ONCE);
  private final RepeatedWarning failures = new RepeatedWarning(logger);

  private volatile Known known = new Known(Optional.empty(), "", System.nanoTime());

  /** What the issuer said of itself, or why it did not, until a moment. */
  private record Known(Optional<JsonNode> discovery, String failure, long until) {}

  /**
   * A sign-in that began.
   *
   * @param address at the issuer, where the browser is to go
   * @param sealed what the browser is to bring back
   */
  public record Begun(URI address, String sealed) {}

  /**
   * What a browser came back with.
   *
   * @param sealed what it was given
   * @param state of the address
   * @param issuer who sent it, if the address says so (RFC 9207)
   * @param error absent if the issuer signed them in
   */
  public record Returned(
      Optional<String> sealed,
      Optional<String> state,
      Optional<String> code,
      Optional<String> issuer,
      Optional<String> error) {}

  /**
   * Who came back.
   *
   * @param back where they wanted to go
   */
  public record Finished(Verdict verdict, Optional<String> back) {}

  /**
   * A code that is to be entered at an address.
   *
   * @param sealed to ask with whether it was
   * @param complete the address with the code, if there is one
   * @param lifetime after which the code does not count
   * @param interval seconds between one question and the next, at least
   */
  public record Device(
      String sealed,
      String code,
      String address,
      Optional<String> complete,
      Duration lifetime,
      int interval) {}

  /** Whether a code was entered. */
  public sealed interface Entered {
    /** It was, by somebody. */
    record Done(Verdict verdict) implements Entered {}

    /**
     * Not yet.
     *
     * @param slower whether to ask less often from now on
     */
    record NotYet(boolean slower) implements Entered {}
  }

  /**
   * @param client closed by somebody else
   * @param metrics is told whether the issuer could be asked
   * @param idTokens judges an ID token, which must have a nonce if there is one
   * @param secret that all nodes have
   */
  OidcSignIn(
      OidcSettings settings,
      OidcSettings.Client self,
      IssuerClient client,
      SourceMetrics metrics,
      BiFunction<String, Optional<String>, Verdict> idTokens,
      ServerKey secret) {
    this.settings = settings;
    this.self = self;
    this.client = client;
    this.metrics = metrics;
    this.idTokens = idTokens;
    this.browsers = new Sealed(secret, "sign-in by a browser at " + settings.section());
    this.devices = new Sealed(secret, "sign-in by a code at " + settings.section());
  }

  /** The issuer's name in the configuration. */
  public String name() {
    return settings.name();
  }

  /** How long people are signed in. */
  public Duration session() {
    return self.session();
  }

  // ---- by a browser

  /**
   * Begins.
   *
   * @param callback the address of this registry to which the browser is to come back
   * @param back where its user wants to go then
   * @throws RefusedRequestException 503 if the issuer cannot be asked now
   */
  public Begun begin(String callback, Optional<String> back) {
    URI endpoint = asking(deadline -> address(deadline, "authorization_endpoint"));
    String state = random();
    String nonce = random();
    String verifier = random();
    Map<String, String> kept = new LinkedHashMap<>();
    kept.put("state", state);
    kept.put("nonce", nonce);
    kept.put("verifier", verifier);
    kept.put("callback", callback);
    back.ifPresent(path -> kept.put("back", path));
    Map<String, String> query = new LinkedHashMap<>();
    query.put("response_type", "code");
    query.put("client_id", self.id());
    query.put("redirect_uri", callback);
    query.put("scope", String.join(" ", self.scopes()));
    query.put("state", state);
    query.put("nonce", nonce);
    query.put("code_challenge", challenge(verifier));
    query.put("code_challenge_method", "S256");
    return new Begun(
        URI.create(
            endpoint + (endpoint.getRawQuery() == null ? "?" : "&") + IssuerClient.encoded(query)),
        browsers.seal(kept, PATIENCE));
  }

  /**
   * Finds out who came back.
   *
   * @throws RefusedRequestException 400 if the browser did not begin here, or the code does not
   *     count; 403 if the issuer did not sign them in; 503 if it cannot be asked now
   */
  public Finished finish(Returned returned) {
    Map<String, Object> kept =
        returned
            .sealed()
            .flatMap(browsers::open)
            .filter(
                begun ->
                    returned.state().filter(state -> same(state, begun.get("state"))).isPresent()
                        && returned.issuer().filter(by -> !by.equals(settings.issuer())).isEmpty())
            .orElseThrow(
                () ->
                    refused(
                        400,
                        ErrorCode.REQUEST_INVALID,
                        "this browser did not begin to sign in here, or has begun again since, or"
                            + " it took more than %d minutes".formatted(PATIENCE.toMinutes())));
    if (returned.error().isPresent() || returned.code().isEmpty()) {
      throw notSignedIn(returned.error().orElse("no_code"));
    }
    Map<String, String> form = new LinkedHashMap<>();
    form.put("grant_type", "authorization_code");
    form.put("code", returned.code().get());
    form.put("redirect_uri", String.valueOf(kept.get("callback")));
    form.put("code_verifier", String.valueOf(kept.get("verifier")));
    IssuerClient.Answer answer = post("token_endpoint", form);
    String error = error(answer);
    if (error.equals("invalid_grant")) {
      throw refused(
          400, ErrorCode.REQUEST_INVALID, settings.name() + " does not know that code any more");
    }
    if (!error.isEmpty()) {
      throw unusable("does not give a token: " + error);
    }
    return new Finished(
        judge(answer, Optional.of(String.valueOf(kept.get("nonce")))),
        Optional.ofNullable((String) kept.get("back")));
  }

  // ---- by a code

  /**
   * Has the issuer make a code.
   *
   * @throws RefusedRequestException 404 if it makes none; 503 if it cannot be asked now
   */
  public Device beginDevice() {
    Map<String, String> form = new LinkedHashMap<>();
    form.put("scope", String.join(" ", self.scopes()));
    IssuerClient.Answer answer = post("device_authorization_endpoint", form);
    String error = error(answer);
    if (!error.isEmpty()) {
      throw unusable("gives no code: " + error);
    }
    String code = answer.text("user_code");
    String address = answer.text("verification_uri");
    String complete = answer.text("verification_uri_complete");
    if (!PRINTABLE.matcher(address).matches() || code.isBlank() || code.length() > 64) {
      throw unusable("gives no code, or no address to enter it at");
    }
    long seconds = answer.body().path("expires_in").asLong();
    Duration lifetime = Duration.ofSeconds(Math.clamp(seconds, 1, LONGEST_CODE.toSeconds()));
    return new Device(
        devices.seal(Map.of("device", answer.text("device_code")), lifetime),
        code,
        address,
        PRINTABLE.matcher(complete).matches() ? Optional.of(complete) : Optional.empty(),
        lifetime,
        Math.clamp(answer.body().path("interval").asLong(USUAL_INTERVAL), 1, LONGEST_INTERVAL));
  }

  /**
   * Whether the code was entered.
   *
   * @throws RefusedRequestException 400 if its time is over or it was none; 403 if whoever entered
   *     it refused; 503 if the issuer cannot be asked now
   */
  public Entered poll(String sealed) {
    String device =
        devices
            .open(sealed)
            .map(kept -> String.valueOf(kept.get("device")))
            .orElseThrow(this::late);
    Map<String, String> form = new LinkedHashMap<>();
    form.put("grant_type", DEVICE_GRANT);
    form.put("device_code", device);
    IssuerClient.Answer answer = post("token_endpoint", form);
    String error = error(answer);
    return switch (error) {
      case "" -> new Entered.Done(judge(answer, Optional.empty()));
      case "authorization_pending" -> new Entered.NotYet(false);
      case "slow_down" -> new Entered.NotYet(true);
      case "expired_token", "invalid_grant" -> throw late();
      case "access_denied" -> throw notSignedIn(error);
      default -> throw unusable("does not give a token: " + error);
    };
  }

  private RefusedRequestException late() {
    return refused(
        400,
        ErrorCode.REQUEST_INVALID,
        "the code was not entered in time, or has been used: begin again");
  }

  // ---- what both need

  private Verdict judge(IssuerClient.Answer answer, Optional<String> nonce) {
    String token = answer.text("id_token");
    return token.isEmpty()
        ? new Verdict.Refused(
            Verdict.Reason.TOKEN_INVALID,
            settings.section() + ": there is no ID token: it needs scope openid")
        : idTokens.apply(token, nonce);
  }

  /** The error that an answer is; empty if it is none. */
  private static String error(IssuerClient.Answer answer) {
    if (answer.status() == 200) {
      return "";
    }
    String error = answer.text("error");
    return ERROR.matcher(error).matches() ? error : "status " + answer.status();
  }

  /** Posts a form, as the client that this registry is. */
  private IssuerClient.Answer post(String endpoint, Map<String, String> form) {
    return asking(
        deadline -> {
          URI address = address(deadline, endpoint);
          Map<String, String> sent = new LinkedHashMap<>(form);
          if (self.secret().isPresent() && takesBasic(discovery(deadline))) {
            return client.post(
                address, sent, Optional.of(basic(self.id(), self.secret().get())), deadline);
          }
          sent.put("client_id", self.id());
          self.secret().ifPresent(secret -> sent.put("client_secret", secret));
          return client.post(address, sent, Optional.empty(), deadline);
        });
  }

  /** Whether the secret may be in the header, as it may unless the issuer says otherwise. */
  private static boolean takesBasic(JsonNode discovery) {
    JsonNode methods = discovery.path("token_endpoint_auth_methods_supported");
    boolean takes = methods.isMissingNode();
    for (JsonNode method : methods) {
      takes |= method.asText().equals("client_secret_basic");
    }
    return takes;
  }

  private static String basic(String id, String secret) {
    String pair = IssuerClient.encoded(id) + ":" + IssuerClient.encoded(secret);
    return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.US_ASCII));
  }

  private URI address(long deadline, String endpoint) throws IOException {
    JsonNode discovery = discovery(deadline);
    if (endpoint.startsWith("device_") && discovery.path(endpoint).isMissingNode()) {
      throw refused(
          404,
          ErrorCode.UNSUPPORTED,
          settings.name() + " makes no codes to sign in by (RFC 8628): sign in by a browser");
    }
    return IssuerClient.address(discovery, endpoint);
  }

  /** Mostly from memory; a failure is remembered, too, for a few seconds. */
  private JsonNode discovery(long deadline) throws IOException {
    Known now = known;
    if (now.until - System.nanoTime() <= 0) {
      Known next;
      try {
        next =
            new Known(
                Optional.of(client.discovery(deadline)),
                "",
                System.nanoTime() + REMEMBERED.toNanos());
      } catch (IOException e) {
        next =
            new Known(
                Optional.empty(),
                String.valueOf(e.getMessage()),
                System.nanoTime() + IssuerClient.DEADLINE.toNanos());
      }
      known = next;
      now = next;
    }
    String failure = now.failure;
    return now.discovery.orElseThrow(() -> new IOException(failure));
  }

  /** A question to the issuer. */
  @FunctionalInterface
  private interface Asking<R> {
    R ask(long deadline) throws IOException;
  }

  private <R> R asking(Asking<R> question) {
    if (!waiting.tryAcquire()) {
      throw new DistributionError(
              429,
              ErrorCode.TOOMANYREQUESTS,
              "too many are signing in at %s now; try again shortly".formatted(settings.name()))
          .with("Retry-After", "5")
          .asException();
    }
    try {
      R answer = question.ask(IssuerClient.deadline());
      metrics.succeeded();
      return answer;
    } catch (IOException e) {
      metrics.failed();
      throw unusable("cannot be asked: " + e.getMessage());
    } finally {
      waiting.release();
    }
  }

  /** Says in the log what is wrong with the issuer, or with what it knows of this registry. */
  private RefusedRequestException unusable(String why) {
    String message = "%s: %s %s".formatted(settings.section(), settings.issuer(), why);
    failures.warn(message, message);
    return new DistributionError(
            503,
            ErrorCode.UNAVAILABLE,
            "nobody can sign in at %s now; the log of the server says why"
                .formatted(settings.name()))
        .with("Retry-After", Long.toString(IssuerClient.DEADLINE.toSeconds()))
        .asException();
  }

  private RefusedRequestException notSignedIn(String error) {
    return refused(
        403,
        ErrorCode.DENIED,
        "%s did not sign you in: %s"
            .formatted(settings.name(), ERROR.matcher(error).matches() ? error : "it says why"));
  }

  private static RefusedRequestException refused(int status, ErrorCode code, String message) {
    return new DistributionError(status, code, message).asException();
  }

  private static boolean same(String given, Object kept) {
    return MessageDigest.isEqual(
        given.getBytes(StandardCharsets.UTF_8),
        String.valueOf(kept).getBytes(StandardCharsets.UTF_8));
  }

  /** 256 bits, in 43 characters. */
  private String random() {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    return base64(bytes);
  }

  private static String challenge(String verifier) {
    try {
      return base64(
          MessageDigest.getInstance("SHA-256")
              .digest(verifier.getBytes(StandardCharsets.US_ASCII)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
