package dev.stele.server.audit;

import dev.stele.engine.Engine;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.question.Address;
import dev.stele.question.Answer;
import dev.stele.question.Question;
import dev.stele.question.Questions;
import dev.stele.question.SessionRow;
import dev.stele.registry.Registry;
import dev.stele.registry.Sessions;
import dev.stele.server.auth.TokenAuthority;
import dev.stele.server.config.Configuration;
import dev.stele.server.distribution.Refusals;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.Need;
import dev.stele.server.http.RawPath;
import dev.stele.server.http.Resource;
import dev.stele.server.http.RouteTable;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/** Which methods are answered at which address outside {@code /v2}, and by whom. Thread-safe. */
public final class Audit implements AutoCloseable {
  private static final String METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  /** Where tokens are had. */
  public static final String TOKEN = "/token";

  private static final Need RECORD = Need.everywhere(Action.READ_RECORD);
  private static final Need ADMIN = Need.everywhere(Action.ADMIN);
  private static final String YAML_TYPE = "application/yaml"; // RFC 9512

  private final RouteTable routes = new RouteTable();
  private final AuditWork work;

  /**
   * Fills the table. What is added here is described in {@code openapi.yaml}, or a test fails.
   *
   * @param tokens by which whoever signed in need not do so with every request
   * @param cloudEvents how events look as CloudEvents
   * @param limits how much questions to the record may take
   * @param maxStreams how many live streams may be open at once
   * @param stopping whether the server has begun to stop: live streams end then
   */
  public Audit(
      Engine engine,
      PrometheusMeterRegistry meters,
      TokenAuthority tokens,
      CloudEvents cloudEvents,
      Configuration.AuditLimits limits,
      int maxStreams,
      BooleanSupplier stopping) {
    Registry registry = engine.registry();
    Probes probes = new Probes(registry.health(), stopping);
    routes
        .get("/livez", Need.NOTHING, (x, _) -> probes.live(x))
        .get("/readyz", Need.NOTHING, (x, _) -> probes.ready(x))
        .get(TOKEN, Need.NOTHING, (x, _) -> new TokenIssuing(tokens).issue(x))
        .get(
            "/metrics",
            Need.everywhere(Action.METRICS),
            (x, _) -> x.sendBytes(200, METRICS_TYPE, scrape(meters)))
        .get(
            "/api/v1/openapi.yaml",
            Need.ENTRY,
            (x, _) -> plain(x).sendBytes(200, YAML_TYPE, openApi()));

    this.work = new AuditWork(limits, meters);
    Questions questions = new Questions(registry);
    Events events =
        new Events(registry, questions, work, meters, cloudEvents, maxStreams, stopping);
    for (Question<?> question : questions.all()) {
      if (question.address().equals(Address.EVENTS)) {
        routes.get(question.address(), question.need(), (x, _) -> events.get(x));
      } else if (question.isPosted()) {
        routes.on("POST", question.address(), question.need(), answer(question));
      } else {
        routes.get(question.address(), question.need(), answer(question));
      }
    }

    // Under a policy that is sent along, rather than the one in force.
    Question<?> explain = questions.named("retention explain");
    routes.on("POST", Address.TAG_RETENTION, explain.need(), answer(explain));

    LogFiles log = new LogFiles(registry.signedLog(), work);
    routes
        .get("/log/checkpoint", RECORD, (x, _) -> log.checkpoint(plain(x)))
        .get("/log/witnessed/checkpoint", RECORD, (x, _) -> log.witnessed(plain(x)))
        .get("/log/time-stamp", RECORD, (x, _) -> log.stamped(plain(x)))
        .get("/log/keys", RECORD, (x, _) -> log.keys(plain(x)))
        .get("/log/policy", RECORD, (x, _) -> log.policy(plain(x)))
        .get(Address.PROOF, RECORD, (x, path) -> log.proof(plain(x), path.get("position")));
    // The tree is one, whichever of its checkpoints somebody goes by.
    for (String prefix : List.of("/log", "/log/witnessed")) {
      routes
          .get(
              prefix + "/tile/entries/{tile}",
              RECORD,
              (x, path) -> log.entries(plain(x), path.get("tile")))
          .get(
              prefix + "/tile/{level}/{tile}",
              RECORD,
              (x, path) -> log.tile(plain(x), path.get("level"), path.get("tile")));
    }

    Documents documents = new Documents(registry.archive(), work);
    Holding holds = new Holding(registry, work);
    RobotAccounts robots = new RobotAccounts(registry.robots());
    Restoring restoring = new Restoring(engine, work);
    Evidencing evidencing = new Evidencing(registry, work);
    routes
        .on("POST", Address.EVIDENCE, RECORD, (x, _) -> evidencing.everywhere(plain(x)))
        .on(
            "POST",
            Address.EVIDENCE_OF_ONE,
            Need.inRepository(Action.READ_RECORD),
            (x, path) -> evidencing.inRepository(plain(x), path.get("name")))
        .get(
            Address.MANIFEST, RECORD, (x, path) -> documents.manifest(plain(x), path.get("digest")))
        .get(
            Address.DOCUMENT, RECORD, (x, path) -> documents.recorded(plain(x), path.get("digest")))
        .on("POST", Address.HOLDS, Need.byBody(Action.HOLD), (x, _) -> holds.place(act(x)))
        .on(
            "POST",
            Address.HOLD_RELEASE,
            Need.byBody(Action.RELEASE_HOLD),
            (x, path) -> holds.release(act(x), path.get("id")))
        .on(
            "POST",
            Address.APPROVAL_WITHDRAWAL,
            Need.ENTRY, // Whoever approved and lost the right takes it back all the more.
            (x, _) -> new Withdrawing(registry).post(act(x)))
        .on("POST", Address.ROBOTS, ADMIN, (x, _) -> robots.create(act(x)))
        .on("POST", Address.ROBOT_REMOVAL, ADMIN, (x, p) -> robots.remove(act(x), p.get("robot")))
        .on("POST", Address.ROBOT_KEYS, ADMIN, (x, p) -> robots.issueKey(act(x), p.get("robot")))
        .on(
            "POST",
            Address.ROBOT_KEY_REVOCATION,
            ADMIN,
            (x, path) -> robots.revokeKey(act(x), path.get("robot"), path.get("key")))
        .on(
            "POST",
            Address.SESSION_REVOCATION,
            ADMIN,
            (x, path) -> revoke(act(x), registry.sessions(), path.get("session")))
        .on(
            "POST",
            Address.ACTOR_FORGET,
            Need.everywhere(Action.ADMIN),
            (x, path) -> new Forgetting(registry.people()).forget(act(x), path.get("id")))
        .on(
            "POST",
            Address.RESTORE,
            Need.inRepository(Action.RESTORE),
            (x, path) -> restoring.post(act(x), path.get("name")));
  }

  private RouteTable.Handler answer(Question<?> question) {
    return (x, path) -> Answering.answer(x, work, question, path.values());
  }

  private static void revoke(Exchange exchange, Sessions sessions, String id) throws IOException {
    SessionRow ended = SessionRow.of(Refusals.accepted(sessions.end(exchange.caller(), id)));
    Answering.send(exchange, 200, SessionRow.COLUMNS, false, Answer.one(ended));
  }

  /** A request for bytes, which has no parameters. */
  private static Exchange plain(Exchange exchange) {
    exchange.query().refuseOthers(Set.of());
    return exchange;
  }

  /** A request that changes something: its parameters say why, and how to answer. */
  private static Exchange act(Exchange exchange) {
    exchange.query().refuseOthers(Set.of(Exchange.REASON, Question.FORMAT.name()));
    return exchange;
  }

  /** What answers at this path; empty if nothing does. */
  public Optional<Resource> find(RawPath path) {
    return routes.find(path);
  }

  /** Every method at every address. */
  public List<RouteTable.Route> routes() {
    return routes.routes();
  }

  /** Whether a path is answered without authentication: probes have no credentials. */
  public static boolean open(RawPath path) {
    return path.size() == 1 && (path.startsWith("livez") || path.startsWith("readyz"));
  }

  private static byte[] scrape(PrometheusMeterRegistry meters) {
    return meters.scrape().getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] openApi() throws IOException {
    try (InputStream document = Audit.class.getResourceAsStream("openapi.yaml")) {
      return Objects.requireNonNull(document, "openapi.yaml is missing").readAllBytes();
    }
  }

  /** Stops what is still being answered. */
  @Override
  public void close() {
    work.close();
  }
}
