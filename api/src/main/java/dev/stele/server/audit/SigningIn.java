package dev.stele.server.audit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stele.event.Origin;
import dev.stele.projection.Session;
import dev.stele.registry.AccessRecorder;
import dev.stele.registry.Caller;
import dev.stele.registry.Sessions;
import dev.stele.server.auth.OidcSignIn;
import dev.stele.server.auth.SignedIn;
import dev.stele.server.auth.Verdict;
import dev.stele.server.distribution.Refusals;
import dev.stele.server.http.BrowserCookie;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.JsonBody;
import dev.stele.server.http.Need;
import dev.stele.server.http.RawPath;
import dev.stele.server.http.Resource;
import dev.stele.server.http.RouteTable;
import dev.stele.server.http.TrustedProxies;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code /login} and {@code /logout}: people sign in at an issuer and get a session, as a cookie by
 * a browser and as a token by the command line. Nothing is kept here until the issuer has said who
 * they are. Thread-safe.
 */
public final class SigningIn {
  private static final Logger logger = LoggerFactory.getLogger(SigningIn.class);

  /** Where people sign in. */
  private static final String LOGIN = "/login";

  public static final String DEVICE = LOGIN + "/{issuer}/device";
  public static final String DEVICE_TOKEN = DEVICE + "/token";
  public static final String LOGOUT = "/logout";

  private static final String CALLBACK = "/callback";
  private static final int LONGEST_PATH = 1_000;

  /** A path of this server, and nothing that a browser could take for another host. */
  private static final Pattern LOCAL =
      Pattern.compile("/(?![/\\\\])[A-Za-z0-9._~!$'()*+,;=:@%/?&-]*");

  private final RouteTable routes = new RouteTable();
  private final Map<String, OidcSignIn> issuers;
  private final Sessions sessions;
  private final AccessRecorder accesses;

  /**
   * @param issuers by their names, at which people can sign in
   * @param accesses is told who did not get in
   */
  public SigningIn(Map<String, OidcSignIn> issuers, Sessions sessions, AccessRecorder accesses) {
    this.issuers = issuers;
    this.sessions = sessions;
    this.accesses = accesses;
    routes
        .get(LOGIN + "/{issuer}", Need.NOTHING, (x, path) -> begin(x, issuer(path.get("issuer"))))
        .get(
            LOGIN + "/{issuer}" + CALLBACK,
            Need.NOTHING,
            (x, path) -> finish(x, issuer(path.get("issuer"))))
        .on("POST", DEVICE, Need.NOTHING, (x, path) -> device(x, issuer(path.get("issuer"))))
        .on("POST", DEVICE_TOKEN, Need.NOTHING, (x, path) -> poll(x, issuer(path.get("issuer"))))
        .on("POST", LOGOUT, Need.ENTRY, (x, _) -> end(x));
  }

  /** What answers at this path; empty if nothing does. */
  public Optional<Resource> find(RawPath path) {
    return routes.find(path);
  }

  /** Every method at every address. */
  public List<RouteTable.Route> routes() {
    return routes.routes();
  }

  /** Whether whoever asks for a path is about to sign in, and nobody yet. */
  public static boolean isForStrangers(RawPath path) {
    return path.startsWith("login");
  }

  /** Whether what answers waits for an issuer, of which there are limits of their own. */
  public static boolean waits(Resource resource) {
    return resource.template().startsWith(LOGIN + "/");
  }

  private OidcSignIn issuer(String name) {
    return Optional.ofNullable(issuers.get(name))
        .orElseThrow(
            () ->
                new DistributionError(
                        404,
                        ErrorCode.NOT_FOUND,
                        issuers.isEmpty()
                            ? "people do not sign in here: no issuer has a client-id"
                            : "people sign in here by " + String.join(", ", issuers.keySet()))
                    .asException());
  }

  // ---- by a browser

  private static void refuseHead(Exchange exchange) {
    if (exchange.isHead()) {
      // Whoever only looks is not to take the code away.
      throw new DistributionError(405, ErrorCode.UNSUPPORTED, "this address answers GET only")
          .with("Allow", "GET")
          .asException();
    }
  }

  private static void begin(Exchange exchange, OidcSignIn issuer) {
    refuseHead(exchange);
    exchange.query().refuseOthers(Set.of("return"));
    Optional<String> back = exchange.query().first("return");
    if (back.filter(path -> !isLocal(path)).isPresent()) {
      throw JsonBody.invalid("return must be a path of this server, such as /v2/");
    }
    OidcSignIn.Begun begun =
        issuer.begin(
            exchange.arrival().base() + LOGIN + "/" + issuer.name() + CALLBACK,
            back.map(exchange::address));
    exchange.add(
        "Set-Cookie",
        BrowserCookie.signIn(exchange.arrival()).set(begun.sealed(), OidcSignIn.PATIENCE));
    exchange.set("Cache-Control", "no-store").set("Location", begun.address().toString());
    exchange.sendEmpty(302);
  }

  static boolean isLocal(String path) {
    return path.length() <= LONGEST_PATH && LOCAL.matcher(path).matches();
  }

  private void finish(Exchange exchange, OidcSignIn issuer) throws IOException {
    refuseHead(exchange);
    BrowserCookie kept = BrowserCookie.signIn(exchange.arrival());
    exchange.set("Cache-Control", "no-store").set("Referrer-Policy", "no-referrer");
    exchange.add("Set-Cookie", kept.clear());
    OidcSignIn.Finished finished =
        issuer.finish(
            new OidcSignIn.Returned(
                exchange.cookie(kept),
                exchange.query().first("state"),
                exchange.query().first("code"),
                exchange.query().first("iss"),
                exchange.query().first("error")));
    SignedIn who = accepted(exchange, issuer, finished.verdict());
    Sessions.Begun begun = begin(exchange, issuer, who);
    exchange.add(
        "Set-Cookie",
        BrowserCookie.session(exchange.arrival()).set(begun.token().secret(), issuer.session()));
    // A page and no redirect: of one that began at the issuer a browser would not send the cookie.
    exchange
        .set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        .sendBytes(
            200,
            "text/html; charset=utf-8",
            page(who.identity().name(), finished.back()).getBytes(UTF_8));
  }

  private static String page(String name, Optional<String> back) {
    String onward =
        back.map(SigningIn::escaped)
            .map(
                path ->
                    """
                    <meta http-equiv="refresh" content="0;url=%s">
                    <p><a href="%s">Go on</a></p>
                    """
                        .formatted(path, path))
            .orElse("<p>You can close this page.</p>\n");
    return """
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <title>Signed in</title>
    <p>You are signed in as %s.</p>
    %s</html>
    """
        .formatted(escaped(name), onward);
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }

  // ---- by the command line

  private static void device(Exchange exchange, OidcSignIn issuer) throws IOException {
    exchange.query().refuseOthers(Set.of());
    OidcSignIn.Device device = issuer.beginDevice();
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("device", device.sealed());
    answer.put("userCode", device.code());
    answer.put("verificationUri", device.address());
    device.complete().ifPresent(address -> answer.put("verificationUriComplete", address));
    answer.put("expiresIn", device.lifetime().toSeconds());
    answer.put("interval", device.interval());
    exchange.set("Cache-Control", "no-store");
    exchange.sendJson(200, answer);
  }

  private void poll(Exchange exchange, OidcSignIn issuer) throws IOException {
    exchange.query().refuseOthers(Set.of());
    String sealed =
        JsonBody.read(exchange, "device").required("device", "what the answer before had");
    exchange.set("Cache-Control", "no-store");
    switch (issuer.poll(sealed)) {
      case OidcSignIn.Entered.NotYet(boolean slower) ->
          exchange.sendJson(202, Map.of("status", slower ? "slow_down" : "pending"));
      case OidcSignIn.Entered.Done(Verdict verdict) -> {
        SignedIn who = accepted(exchange, issuer, verdict);
        Sessions.Begun begun = begin(exchange, issuer, who);
        exchange.sendJson(
            200,
            Map.of(
                "status", "signed_in",
                "user", who.identity().name(),
                "token", begun.token().secret(),
                "expires", begun.expires().toString()));
      }
    }
  }

  // ---- what both need

  private SignedIn accepted(Exchange exchange, OidcSignIn issuer, Verdict verdict) {
    String why;
    Verdict.Reason reason;
    switch (verdict) {
      case Verdict.Accepted(SignedIn who) -> {
        return who;
      }
      case Verdict.Refused refused -> {
        why = refused.why();
        reason = refused.reason();
      }
      case Verdict.Ended ended -> {
        why = ended.why();
        reason = ended.reason();
      }
    }
    logger.warn("sign-in refused: from {}: {}", exchange.arrival().address(), why);
    accesses.signInFailed(
        Optional.empty(),
        TrustedProxies.network(exchange.arrival().address()),
        "oidc",
        reason.words());
    throw new DistributionError(
            403,
            ErrorCode.DENIED,
            "what %s says of you does not let you in here; the log of the server says why"
                .formatted(issuer.name()))
        .asException();
  }

  private Sessions.Begun begin(Exchange exchange, OidcSignIn issuer, SignedIn who) {
    Origin origin = exchange.caller().origin();
    Set<String> granted = exchange.access().policy().grantedGroups();
    return sessions.begin(
        new Caller(who.identity(), origin, exchange.caller().requestId()),
        who.groups().stream().filter(granted::contains).sorted().toList(),
        issuer.session());
  }

  private void end(Exchange exchange) {
    exchange.query().refuseOthers(Set.of(Exchange.REASON));
    String session =
        exchange
            .caller()
            .origin()
            .credential()
            .filter(_ -> exchange.access().scope().isEmpty())
            .flatMap(SignedIn::session)
            .orElseThrow(
                () ->
                    new DistributionError(
                            400,
                            ErrorCode.REQUEST_INVALID,
                            "this request is not one of a session, so there is nothing to end")
                        .asException());
    Session _ = Refusals.accepted(sessions.end(exchange.caller(), session));
    exchange.add("Set-Cookie", BrowserCookie.session(exchange.arrival()).clear());
    exchange.sendEmpty(204);
  }
}
