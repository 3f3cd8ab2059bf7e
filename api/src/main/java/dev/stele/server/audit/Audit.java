package dev.stele.server.audit;

import dev.stele.history.Exposure;
import dev.stele.history.History;
import dev.stele.registry.Registry;
import dev.stele.retention.Reprocessing;
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
import java.util.function.BooleanSupplier;

/** Which methods are answered at which address outside {@code /v2}, and by whom. Thread-safe. */
public final class Audit {
  private static final String METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";
  private static final String YAML_TYPE = "application/yaml"; // RFC 9512

  private final RouteTable routes = new RouteTable();

  /**
   * Fills the table. What is added here is described in {@code openapi.yaml}, or a test fails.
   *
   * @param cloudEvents how events look as CloudEvents
   * @param maxStreams how many live streams may be open at once
   * @param stopping whether the server has begun to stop: live streams end then
   */
  public Audit(
      Registry registry,
      PrometheusMeterRegistry meters,
      CloudEvents cloudEvents,
      int maxStreams,
      BooleanSupplier stopping) {
    Health health = new Health(registry, stopping);
    routes
        .get("/livez", (x, _) -> health.live(x))
        .get("/readyz", (x, _) -> health.ready(x))
        .get("/metrics", (x, _) -> x.sendBytes(200, METRICS_TYPE, scrape(meters)))
        .get("/api/v1/openapi.yaml", (x, _) -> x.sendBytes(200, YAML_TYPE, openApi()));

    Events events = new Events(registry, meters, cloudEvents, maxStreams, stopping);
    WebhookList webhooks = new WebhookList(registry);
    Collecting collecting = new Collecting(registry);
    routes
        .get("/api/v1/events", (x, _) -> events.get(x))
        .get("/api/v1/events/{position}", (x, path) -> events.get(x, path.get("position")))
        .get("/api/v1/webhooks", (x, _) -> webhooks.get(x))
        .get("/api/v1/gc", (x, _) -> collecting.get(x));

    Holding holds = new Holding(registry.holds());
    routes
        .get("/api/v1/holds", (x, _) -> holds.list(x))
        .on("POST", "/api/v1/holds", (x, _) -> holds.place(x))
        .get("/api/v1/holds/{id}", (x, path) -> holds.get(x, path.get("id")))
        .on("POST", "/api/v1/holds/{id}/release", (x, path) -> holds.release(x, path.get("id")));
    ExposureOf exposure = new ExposureOf(new Exposure(registry));
    routes.get("/api/v1/exposure", (x, _) -> exposure.get(x));

    History history = new History(registry);
    TagHistory tagHistory = new TagHistory(registry);
    ManifestDocument document = new ManifestDocument(history);
    RepositoryHistory repositories = new RepositoryHistory(history);
    Restoring restoring = new Restoring(registry);
    TaggedPeriods periods = new TaggedPeriods(registry, history);
    DigestLife digests = new DigestLife(registry);
    TagMoves moves = new TagMoves(registry);
    Pulls pulls = new Pulls(registry);
    String repository = "/api/v1/repositories/{name}/-/";
    routes
        .get("/api/v1/digests/{digest}", (x, path) -> digests.get(x, path.get("digest")))
        .get("/api/v1/tags", (x, _) -> periods.ofDigest(x))
        .get("/api/v1/tag-moves", (x, _) -> moves.get(x))
        .get("/api/v1/pulls", (x, _) -> pulls.get(x))
        .get(repository + "pullable", (x, path) -> periods.pullable(x, path.get("name")))
        .get("/api/v1/manifests/{digest}", (x, path) -> document.get(x, path.get("digest")))
        .get("/api/v1/repositories", (x, _) -> repositories.repositories(x))
        .get(repository + "tags", (x, path) -> repositories.tags(x, path.get("name")))
        .get(repository + "manifests", (x, path) -> repositories.manifests(x, path.get("name")))
        .get(repository + "diff", (x, path) -> repositories.diff(x, path.get("name")))
        .get(
            repository + "referrers/{digest}",
            (x, path) -> repositories.referrers(x, path.get("name"), path.get("digest")))
        .get(
            repository + "tags/{tag}/history",
            (x, path) -> tagHistory.get(x, path.get("name"), path.get("tag")))
        .on("POST", repository + "restore", (x, path) -> restoring.post(x, path.get("name")));

    RetentionQueries retention = new RetentionQueries(new Reprocessing(registry));
    routes
        .get("/api/v1/retention/evaluations", (x, _) -> retention.evaluations(x))
        .get(
            repository + "tags/{tag}/retention",
            (x, path) -> retention.explain(x, path.get("name"), path.get("tag")))
        .on(
            "POST",
            repository + "retention/preview",
            (x, path) -> retention.preview(x, path.get("name")))
        .on(
            "POST",
            repository + "retention/replay",
            (x, path) -> retention.replay(x, path.get("name")));
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
}
