package dev.stele.server;

import dev.stele.blob.BlobTooLargeException;
import dev.stele.blob.BodyReadException;
import dev.stele.blob.InsufficientStorageException;
import dev.stele.blob.SlowBodyException;
import dev.stele.blob.StoreUnavailableException;
import dev.stele.event.Identity;
import dev.stele.event.Origin;
import dev.stele.event.RobotName;
import dev.stele.log.Foreseen;
import dev.stele.log.LaneUnavailableException;
import dev.stele.log.Outage;
import dev.stele.log.RepeatedWarning;
import dev.stele.oci.InvalidNameException;
import dev.stele.policy.AccessPolicy;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.policy.AccessPolicy.Principal;
import dev.stele.registry.AccessRecorder;
import dev.stele.registry.Caller;
import dev.stele.registry.RegistryUnavailableException;
import dev.stele.server.audit.Audit;
import dev.stele.server.audit.SigningIn;
import dev.stele.server.audit.TokenIssuing;
import dev.stele.server.auth.Authenticator;
import dev.stele.server.auth.Credential;
import dev.stele.server.auth.LocalCredential;
import dev.stele.server.auth.SignedIn;
import dev.stele.server.auth.TokenAuthority;
import dev.stele.server.auth.Verdict;
import dev.stele.server.config.Configuration;
import dev.stele.server.distribution.Distribution;
import dev.stele.server.distribution.Refusals;
import dev.stele.server.http.Access;
import dev.stele.server.http.BodyLimits;
import dev.stele.server.http.BodyMemory;
import dev.stele.server.http.BrowserCookie;
import dev.stele.server.http.ClientBodyException;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.Need;
import dev.stele.server.http.PathPrefix;
import dev.stele.server.http.PercentEncoding;
import dev.stele.server.http.RawPath;
import dev.stele.server.http.RefusedRequestException;
import dev.stele.server.http.Resource;
import dev.stele.server.http.TokenScope;
import dev.stele.server.http.TrustedProxies;
import dev.stele.server.http.TrustedProxies.Arrival;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.EofException;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.slf4j.event.Level;

/**
 * What happens to every request: it gets an id, its sender is authenticated, its address and method
 * are looked up, it is answered, and whatever goes wrong becomes an error in the specification's
 * form. Nothing else in the server turns exceptions into answers. Thread-safe.
 */
final class RequestDispatcher {
  /** Who asks for these reads the record itself, which is on record, too. */
  private static final Set<Action> READING_THE_RECORD =
      Set.of(Action.READ_RECORD, Action.RETENTION);

  private static final Logger logger = LoggerFactory.getLogger(RequestDispatcher.class);

  /** The name of the connector that lets in nobody but the command line of this machine. */
  static final String LOCAL = "local";

  /** How often an address may have an issuer asked. */
  private static final Configuration.RequestLimit SIGN_INS = new Configuration.RequestLimit(2, 60);

  private static final String REQUEST_ID = "requestId";

  /** Methods that change nothing. */
  private static final Set<String> SAFE = Set.of("GET", "HEAD");

  private static final Set<String> PUSHES = Set.of("POST", "PUT", "PATCH");

  private final Distribution distribution;
  private final Audit audit;
  private final SigningIn signingIn;
  private final Authenticator authenticator;
  private final TokenAuthority tokens;
  private final Supplier<AccessPolicy> policy;
  private final AccessRecorder accesses;
  private final Optional<LocalCredential> local;
  private final TrustedProxies proxies;
  private final PathPrefix prefix;
  private final ServerSettings.Room room;
  private final RequestLog requests;
  private final RequestRate rate;
  private final RequestRate strangers;
  private final BodyLimits limits;
  private final Semaphore uploads;
  private final RepeatedWarning refusals = new RepeatedWarning(logger);
  private final BodyMemory bodies = new BodyMemory(Runtime.getRuntime().maxMemory() / 8);
  private final BodyMemory answers = new BodyMemory(Runtime.getRuntime().maxMemory() / 8);

  RequestDispatcher(
      Distribution distribution,
      Audit audit,
      SigningIn signingIn,
      Authenticator authenticator,
      TokenAuthority tokens,
      Supplier<AccessPolicy> policy,
      AccessRecorder accesses,
      Optional<LocalCredential> local,
      TrustedProxies proxies,
      PathPrefix prefix,
      ServerSettings.Room room,
      MeterRegistry meters,
      Configuration.HttpLimits limits) {
    this.distribution = distribution;
    this.audit = audit;
    this.signingIn = signingIn;
    this.authenticator = authenticator;
    this.tokens = tokens;
    this.policy = policy;
    this.accesses = accesses;
    this.local = local;
    this.proxies = proxies;
    this.prefix = prefix;
    this.room = room;
    this.requests = new RequestLog(meters);
    this.rate = new RequestRate(limits.requests(), System::nanoTime, meters);
    this.strangers = new RequestRate(SIGN_INS, System::nanoTime, meters);
    this.limits = new BodyLimits(limits.maxBodySize().bytes(), limits.minRate().bytes());
    int maxUploads = limits.maxUploads();
    this.uploads = new Semaphore(maxUploads);
    Gauge.builder("stele.http.uploads", uploads, free -> maxUploads - free.availablePermits())
        .description("Requests that write and are running now")
        .register(meters);
    Gauge.builder("stele.http.bodies", bodies, BodyMemory::taken)
        .baseUnit("bytes")
        .description("Memory that bodies take which are kept whole, but for the small ones")
        .register(meters);
    Gauge.builder("stele.http.answers", answers, BodyMemory::taken)
        .baseUnit("bytes")
        .description("Memory that answers take until they are read, but for the small ones")
        .register(meters);
    Gauge.builder("stele.http.uploads.limit", () -> maxUploads)
        .description("How many requests that write may run at once")
        .register(meters);
  }

  /** Answers a request. Returns when the answer has been written or the client is gone. */
  void dispatch(HttpServletRequest request, HttpServletResponse response) {
    long start = System.nanoTime();
    String requestId = RequestIds.of(request.getHeader(RequestIds.HEADER));
    // Javalin presets text/plain, which is wrong for answers without a body.
    response.setContentType(null);
    response.setHeader(RequestIds.HEADER, requestId);
    response.setHeader("Docker-Distribution-API-Version", "registry/2.0");
    response.setHeader("X-Content-Type-Options", "nosniff");
    MDC.put(REQUEST_ID, requestId);
    Arrival arrival =
        isLocal(request) ? TrustedProxies.NONE.origin(request) : proxies.origin(request);
    RequestLog.Served served =
        new RequestLog.Served(prefix.covers(address(request)) ? arrival.below(prefix) : arrival);
    try {
      serve(request, response, requestId, served);
    } finally {
      requests.add(request, response, served, System.nanoTime() - start);
      MDC.remove(REQUEST_ID);
    }
  }

  /** The path as it was sent. */
  private static String address(HttpServletRequest request) {
    return Optional.ofNullable(request.getRequestURI()).orElse("/");
  }

  private void serve(
      HttpServletRequest request,
      HttpServletResponse response,
      String requestId,
      RequestLog.Served served) {
    Exchange exchange = null;
    try {
      try {
        // The query string may be malformed, but the answer to that needs an exchange too.
        exchange = Exchange.withoutQuery(request, response, requestId);
        String address = address(request);
        RawPath path = RawPath.parse(prefix.covers(address) ? prefix.without(address) : address);
        Optional<Resource> resource =
            distribution.find(path).or(() -> audit.find(path)).or(() -> signingIn.find(path));
        resource.ifPresent(found -> served.at(found.template()));
        Sender sender = admitted(request, path, served);
        Caller caller =
            new Caller(
                sender.identity(),
                new Origin(
                    Optional.of(served.origin().address()),
                    Optional.ofNullable(request.getHeader("User-Agent")),
                    sender.credential()),
                requestId);
        signedIn(caller, sender);
        AccessPolicy inForce = policy.get();
        Access access =
            new Access(
                inForce,
                sender.who(),
                sender.scope(),
                sender.until(),
                challenge(served.origin(), inForce),
                () -> isGone(sender) ? Optional.empty() : Optional.of(policy.get()),
                (action, repository, reason) ->
                    accesses.denied(caller, action.word(), repository, reason));
        try (Exchange asked =
            new Exchange(
                request, response, served.origin(), access, caller, this.limits, bodies, answers)) {
          exchange = asked;
          handle(asked, resource);
        }
      } catch (RefusedRequestException e) {
        answer(exchange, e.error(), served);
      } catch (InvalidNameException e) {
        answer(exchange, Refusals.toError(e), served);
      } catch (ClientBodyException e) {
        answer(exchange, e.error(), served);
      } catch (BodyReadException e) {
        answer(exchange, bodyError(e), served);
      } catch (RegistryUnavailableException | LaneUnavailableException e) {
        tell(e);
        answer(exchange, unavailable(e.getMessage(), requestId), served);
      } catch (JdbiException e) {
        Outage outage = Outage.of(e).orElseThrow(() -> e);
        refusals.warn(outage.told(), "unavailable: " + Foreseen.line(e).orElse(outage.told()));
        answer(exchange, unavailable(outage.told(), requestId), served);
      } catch (StoreUnavailableException e) {
        refusals.warn("unavailable " + e.store(), "unavailable: " + e.getMessage());
        logger.debug("the store's failure", e);
        answer(
            exchange,
            unavailable("the blob store " + e.store() + " cannot be used now", requestId),
            served);
      } catch (BlobTooLargeException e) {
        logger.warn("refused: {}", e.getMessage());
        answer(
            exchange, new DistributionError(413, ErrorCode.SIZE_INVALID, e.getMessage()), served);
      } catch (InsufficientStorageException e) {
        refusals.warn(e.told(), "no room left: " + e.getMessage());
        answer(
            exchange,
            new DistributionError(507, ErrorCode.UNAVAILABLE, "the blob store " + e.told()),
            served);
      }
    } catch (EofException e) {
      // The client went away while its answer was written.
      served.abort();
      logger.debug("the client went away: {}", e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      unforeseen(exchange, requestId, e, served);
    } catch (IOException | RuntimeException e) {
      unforeseen(exchange, requestId, e, served);
    } catch (Error e) {
      logger.error("request {} failed", requestId, e);
      throw e;
    }
  }

  /** Why a request is refused for now, unless the append lane has told already. */
  private void tell(RuntimeException e) {
    if (e.getCause() instanceof LaneUnavailableException) {
      logger.debug("unavailable", e);
      return;
    }
    refusals.warn(
        e.getMessage(), "unavailable: " + Foreseen.line(e).orElseGet(() -> e.getMessage()));
  }

  /**
   * Who sent a request.
   *
   * @param identity as the record knows them
   * @param way how they signed in, as the record calls it
   * @param credential the id of what they signed in by, if it has one
   * @param scope what their token is for, if they have one
   * @param until when what they signed in by ends
   */
  private record Sender(
      Identity identity,
      String way,
      Principal who,
      Optional<String> credential,
      Optional<TokenScope> scope,
      Optional<Instant> until) {
    static final Sender ANONYMOUS =
        new Sender(
            Identity.NOBODY,
            "none",
            Principal.ANONYMOUS,
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    static Sender of(SignedIn who, String way) {
      return new Sender(
          who.identity(), way, who.principal(), who.credential(), Optional.empty(), who.until());
    }

    static Sender bearing(TokenAuthority.Bearer token) {
      return new Sender(
          token.who().map(SignedIn::identity).orElse(Identity.NOBODY),
          "token",
          token.who().map(SignedIn::principal).orElse(Principal.ANONYMOUS),
          token.who().flatMap(SignedIn::credential),
          Optional.of(token.scope()),
          Optional.of(token.until()));
    }
  }

  /** Who sent a request, unless they have sent too many. */
  private Sender admitted(HttpServletRequest request, RawPath path, RequestLog.Served served) {
    Arrival origin = served.origin();
    Sender sender;
    try {
      sender = sender(request, path, served);
      served.by(sender.identity().name());
    } catch (RefusedRequestException e) {
      rate.take(origin.address());
      throw e;
    }
    if (SigningIn.isForStrangers(path)) {
      strangers.take(origin.address());
    }
    if (!Audit.open(path)) {
      rate.take(sender.identity(), origin.address());
    }
    return sender;
  }

  /** What was asked of the record: the parameters, and those that are in the address. */
  private static String asked(Exchange exchange, Resource resource) {
    String query = exchange.query().toString();
    return resource.template().indexOf('{') < 0
        ? query
        : exchange.path() + (query.isEmpty() ? "" : "?" + query);
  }

  private void signedIn(Caller caller, Sender sender) {
    if (!caller.identity().equals(Identity.NOBODY)) {
      accesses.signedIn(caller, sender.way());
    }
  }

  /** How the record calls a way to sign in. */
  private static String way(Credential credential) {
    return switch (credential) {
      case Credential.Password _ -> "password";
      case Credential.Token _ -> "issued-token";
      case Credential.Session _ -> "session";
      case Credential.Certificate _ -> "certificate";
    };
  }

  private Sender sender(HttpServletRequest request, RawPath path, RequestLog.Served served) {
    Arrival origin = served.origin();
    if (Audit.open(path) || SigningIn.isForStrangers(path)) {
      return Sender.ANONYMOUS;
    }
    List<String> said = Collections.list(request.getHeaders("Authorization"));
    if (said.size() > 1) {
      throw new DistributionError(
              400, ErrorCode.REQUEST_INVALID, "Authorization must not be given more than once")
          .asException();
    }
    Optional<String> credentials = said.stream().findFirst();
    Optional<LocalCredential> ours =
        local.filter(
            mine ->
                mine.exclusive()
                    || isLocal(request)
                    || credentials.filter(header -> accepts(mine, header, origin)).isPresent());
    if (ours.isPresent()
        && credentials.filter(header -> accepts(ours.get(), header, origin)).isPresent()) {
      String operator = operator(request);
      return new Sender(
          new Identity(operator, Identity.Kind.LOCAL, Optional.empty()),
          "machine",
          new Principal(Optional.of(operator), Set.of(), true),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());
    }
    // A wrong one is not as if it had not been sent, even where everybody may come in.
    boolean bearer = credentials.filter(LocalCredential::isBearer).isPresent();
    Optional<Credential> cookie =
        credentials.isEmpty() && ours.isEmpty() ? cookie(request, origin) : Optional.empty();
    Optional<Credential> credential =
        credentials.isPresent()
            ? credentials.flatMap(Credential::parse)
            : cookie.or(() -> clientCertificate(request).map(Credential.Certificate::new));
    if (ours.isEmpty()
        && !bearer
        && ((credentials.isEmpty() && credential.isEmpty()) || !authenticator.required())) {
      return Sender.ANONYMOUS;
    }
    Optional<Sender> bearing = Optional.empty();
    boolean expired = false;
    if (bearer && ours.isEmpty()) {
      String token = LocalCredential.token(credentials.orElseThrow());
      bearing = tokens.verify(token).map(Sender::bearing);
      if (bearing.filter(sender -> !isGone(sender)).isPresent()) {
        return bearing.get();
      }
      expired = bearing.isEmpty() && tokens.hasExpired(token);
    }
    served.claimedBy(credential);
    Verdict verdict;
    if (ours.isPresent()) {
      verdict = new Verdict.Refused(Verdict.Reason.NOT_HERE);
    } else if (expired) {
      verdict = new Verdict.Refused(Verdict.Reason.TOKEN_EXPIRED);
    } else if (bearing.isPresent()) {
      verdict = new Verdict.Refused(Verdict.Reason.REVOKED);
    } else {
      verdict =
          credential
              .map(sent -> authenticator.authenticate(sent, origin.address()))
              .orElse(new Verdict.Refused(Verdict.Reason.UNREADABLE));
    }
    if (verdict instanceof Verdict.Accepted(SignedIn who)) {
      return Sender.of(who, credential.map(RequestDispatcher::way).orElse("none"));
    }
    if (expired) {
      // As each does after a few minutes: who has it gets another, and nobody failed to sign in.
      tellOfRefusal(
          Level.INFO,
          credential.flatMap(Credential::claimed),
          origin,
          Verdict.Reason.TOKEN_EXPIRED.words());
    } else if (credentials.isPresent() || credential.isPresent()) {
      refused(credential, origin, verdict);
    }
    DistributionError error =
        verdict instanceof Verdict.Ended(_, String why)
            ? new DistributionError(401, ErrorCode.UNAUTHORIZED, why)
                .with(
                    "WWW-Authenticate",
                    challenge(origin, policy.get(), Optional.empty(), Optional.empty()))
            : unauthorized(
                origin,
                policy.get(),
                Optional.empty(),
                bearer ? Optional.of("invalid_token") : Optional.empty());
    throw (cookie.isPresent()
            ? error.with("Set-Cookie", BrowserCookie.session(origin).clear())
            : error)
        .asException();
  }

  /**
   * The session that a browser is in. What changes something must come from a page of this server:
   * a browser sends its cookies whoever made the page.
   *
   * @throws RefusedRequestException 403 if it does not
   */
  private static Optional<Credential> cookie(HttpServletRequest request, Arrival origin) {
    Optional<Credential> session =
        BrowserCookie.session(origin).read(request).flatMap(Credential::session);
    if (session.isPresent() && !SAFE.contains(request.getMethod())) {
      Optional<String> site = Optional.ofNullable(request.getHeader("Sec-Fetch-Site"));
      Optional<String> from = Optional.ofNullable(request.getHeader("Origin"));
      if ((site.isEmpty() && from.isEmpty())
          || site.filter(where -> !where.equals("same-origin")).isPresent()
          || from.filter(where -> !where.equalsIgnoreCase(origin.url())).isPresent()) {
        throw new DistributionError(
                403,
                ErrorCode.DENIED,
                "a cookie counts for what changes something only if a page of %s sends it, which"
                        .formatted(origin.url())
                    + " Origin and Sec-Fetch-Site must say; programs send Authorization")
            .asException();
      }
    }
    return session;
  }

  /** Says in the log and on record that somebody did not get in. */
  private void refused(Optional<Credential> credential, Arrival origin, Verdict verdict) {
    switch (verdict) {
      case Verdict.Refused(Verdict.Reason reason, String why) ->
          refused(credential, origin, reason, why, false);
      case Verdict.Ended(Verdict.Reason reason, String why) ->
          refused(credential, origin, reason, why, true);
      case Verdict.Accepted _ -> {} // not refused, and so never here
    }
  }

  private void refused(
      Optional<Credential> credential,
      Arrival origin,
      Verdict.Reason reason,
      String why,
      boolean ended) {
    Optional<String> claimed = credential.flatMap(Credential::claimed);
    tellOfRefusal(Level.WARN, claimed, origin, why);
    accesses.signInFailed(
        claimed.filter(
            name ->
                ended
                    || RobotName.ofUser(name).isPresent()
                    || authenticator.vouchesFor(Identity.user(name), Optional.empty())),
        TrustedProxies.network(origin.address()),
        credential.map(RequestDispatcher::way).orElse("none"),
        reason.words());
  }

  private static void tellOfRefusal(
      Level level, Optional<String> claimed, Arrival origin, String why) {
    String name = RequestLog.text(claimed.orElse(null));
    String reason = RequestLog.text(why);
    logger
        .atLevel(level)
        .addKeyValue("claimedUser", name)
        .addKeyValue("address", origin.address())
        .addKeyValue("reason", reason)
        .log("sign-in refused: as {} from {}: {}", name, origin.address(), reason);
  }

  /** The certificate of a client's own connection; never what a proxy says of another. */
  private static Optional<X509Certificate> clientCertificate(HttpServletRequest request) {
    return Optional.ofNullable(
            (X509Certificate[]) request.getAttribute("jakarta.servlet.request.X509Certificate"))
        .filter(chain -> chain.length > 0)
        .map(chain -> chain[0]);
  }

  /** Whoever comes by a proxy is not known to be on this machine, even if the proxy is. */
  private static boolean accepts(LocalCredential mine, String header, Arrival origin) {
    return !origin.proxied() && mine.accepts(header, origin.address());
  }

  private static boolean isLocal(HttpServletRequest request) {
    return LOCAL.equals(
        ServletContextRequest.getServletContextRequest(request)
            .getConnectionMetaData()
            .getConnector()
            .getName());
  }

  /** Whoever nobody vouches for any more cannot go on by what they were given before. */
  private boolean isGone(Sender sender) {
    return switch (sender.identity().kind()) {
      case USER, ROBOT, WORKLOAD, CERTIFICATE ->
          !authenticator.vouchesFor(sender.identity(), sender.credential());
      case LOCAL, SYSTEM, ANONYMOUS, CLAIMED -> false;
    };
  }

  private Optional<Access.Challenge> challenge(Arrival origin, AccessPolicy inForce) {
    return authenticator.required()
        ? Optional.of((scope, error) -> unauthorized(origin, inForce, scope, error))
        : Optional.empty();
  }

  /**
   * How whoever must sign in is asked to. Under a policy by a token: clients that may do something
   * without signing in would otherwise never know that they can do more when they do.
   */
  private DistributionError unauthorized(
      Arrival origin, AccessPolicy inForce, Optional<String> scope, Optional<String> error) {
    return new DistributionError(
            401,
            ErrorCode.UNAUTHORIZED,
            error.isPresent()
                ? "the token does not count, or not for this: get another at " + Audit.TOKEN
                : "sign in by " + authenticator.means())
        .with("WWW-Authenticate", challenge(origin, inForce, scope, error));
  }

  private String challenge(
      Arrival origin, AccessPolicy inForce, Optional<String> scope, Optional<String> error) {
    if (!authenticator.required()) {
      return "Bearer realm=\"Stele\"";
    }
    return inForce.isPresent()
        ? "Bearer realm=\"%s%s\",service=\"%s\""
                .formatted(origin.base(), Audit.TOKEN, TokenIssuing.SERVICE)
            + scope.map(",scope=\"%s\""::formatted).orElse("")
            + error.map(",error=\"%s\""::formatted).orElse("")
        : authenticator.challenge();
  }

  /** Whoever works on this machine, as the command line says. A user's name cannot have a colon. */
  private static String operator(HttpServletRequest request) {
    String name = Optional.ofNullable(request.getHeader(LocalCredential.OPERATOR)).orElse("");
    try {
      return Inspection.actor(PercentEncoding.decode(name, ErrorCode.REQUEST_INVALID));
    } catch (IllegalArgumentException e) {
      throw new DistributionError(
              400, ErrorCode.REQUEST_INVALID, LocalCredential.OPERATOR + " " + e.getMessage())
          .asException();
    }
  }

  private void handle(Exchange exchange, Optional<Resource> resource)
      throws IOException, InterruptedException {
    if (resource.isEmpty() || resource.get().handler(exchange.method()).isEmpty()) {
      // What is not there is not told to whoever may not come in.
      exchange.check(Need.ENTRY, Optional.empty());
    }
    if (resource.isEmpty()) {
      throw new DistributionError(404, ErrorCode.NOT_FOUND, "there is nothing at this address")
          .asException();
    }
    Optional<Resource.Handler> handler = resource.get().handler(exchange.method());
    if (handler.isEmpty()) {
      throw new DistributionError(
              405,
              ErrorCode.UNSUPPORTED,
              "this address answers " + resource.get().allowed() + " only")
          .with("Allow", resource.get().allowed())
          .asException();
    }
    Need need = resource.get().need(exchange.method());
    exchange.check(need, resource.get().repository());
    if (need.action().filter(READING_THE_RECORD::contains).isPresent()) {
      accesses.read(exchange.caller(), resource.get().template(), asked(exchange, resource.get()));
    }
    if (RequestLog.reads(exchange.method())) {
      handler.get().handle(exchange);
      return;
    }
    if (!resource.get().heedsPreconditions(exchange.method())) {
      exchange.refusePreconditions();
    }
    if (SigningIn.waits(resource.get())) {
      handler.get().handle(exchange);
      return;
    }
    if (!uploads.tryAcquire()) {
      throw new DistributionError(
              429, ErrorCode.TOOMANYREQUESTS, "too many uploads at once; try again shortly")
          .with("Retry-After", "1")
          .asException();
    }
    try {
      // What makes room, such as a deletion or a collection, may use the reserve.
      if (PUSHES.contains(exchange.method()) && resource.get().template().startsWith("/v2/")) {
        room.require();
      }
      handler.get().handle(exchange);
    } finally {
      uploads.release();
    }
  }

  private static DistributionError bodyError(BodyReadException e) {
    return switch (e.getCause()) {
      case ClientBodyException client -> client.error();
      case SlowBodyException slow ->
          new DistributionError(503, ErrorCode.UNAVAILABLE, slow.getMessage())
              .with("Retry-After", "5");
      default -> new DistributionError(400, ErrorCode.SIZE_INVALID, e.getMessage());
    };
  }

  private static DistributionError unavailable(String message, String requestId) {
    return new DistributionError(
            503, ErrorCode.UNAVAILABLE, message, Map.of("requestId", requestId))
        .with("Retry-After", "5");
  }

  private static void answer(Exchange exchange, DistributionError error, RequestLog.Served served)
      throws IOException {
    if (exchange.committed()) {
      // Too late for another status: only a broken connection tells the client.
      served.abort();
      exchange.abort();
      return;
    }
    exchange.sendError(error);
  }

  private static void unforeseen(
      Exchange exchange, String requestId, Exception e, RequestLog.Served served) {
    if (Exchange.clientGone(e)) {
      served.abort();
      logger.debug("the client went away: {}", e.toString());
      return;
    }
    logger.error("request {} failed", requestId, e);
    try {
      answer(
          exchange,
          new DistributionError(
              500,
              ErrorCode.UNKNOWN,
              "the server failed; its log says why under this request id",
              Map.of("requestId", requestId)),
          served);
    } catch (IOException again) {
      served.abort();
      logger.debug("the answer could not be sent: {}", again.toString());
    }
  }
}
