package dev.stele.server.audit;

import dev.stele.registry.Registry;
import dev.stele.server.http.RawPath;
import dev.stele.server.http.Resource;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Which methods are answered at which address outside {@code /v2}, and by whom. Thread-safe. */
public final class Audit {
  private static final String METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final Events events;
  private final TagHistory tagHistory;
  private final Collecting collecting;
  private final Health health;
  private final PrometheusMeterRegistry meters;

  /**
   * @param stopping whether the server has begun to stop: live streams end then
   */
  public Audit(Registry registry, PrometheusMeterRegistry meters, BooleanSupplier stopping) {
    this.events = new Events(registry, stopping);
    this.tagHistory = new TagHistory(registry);
    this.collecting = new Collecting(registry);
    this.health = new Health(registry, stopping);
    this.meters = meters;
  }

  /** What answers at this path; empty if nothing does. */
  public Optional<Resource> find(RawPath path) {
    List<String> segments = path.segments();
    return switch (segments.getFirst()) {
      case "livez" -> alone(path, Resource.at("/livez").get(health::live));
      case "readyz" -> alone(path, Resource.at("/readyz").get(health::ready));
      case "metrics" ->
          alone(
              path,
              Resource.at("/metrics")
                  .get(
                      x ->
                          x.sendBytes(
                              200,
                              METRICS_TYPE,
                              meters.scrape().getBytes(StandardCharsets.UTF_8))));
      case "api" -> api(path);
      default -> Optional.empty();
    };
  }

  /** Whether a path is answered without authentication: probes have no credentials. */
  public static boolean open(RawPath path) {
    return path.size() == 1 && (path.startsWith("livez") || path.startsWith("readyz"));
  }

  private static Optional<Resource> alone(RawPath path, Resource resource) {
    return path.size() == 1 ? Optional.of(resource) : Optional.empty();
  }

  private Optional<Resource> api(RawPath path) {
    if (path.size() == 3 && path.startsWith("api", "v1", "events")) {
      return Optional.of(Resource.at("/api/v1/events").get(events::get));
    }
    if (path.size() == 3 && path.startsWith("api", "v1", "gc")) {
      return Optional.of(Resource.at("/api/v1/gc").get(collecting::get));
    }
    // api v1 repositories <name...> - tags <tag> history; a name never has a "-" for a component.
    if (path.size() >= 8
        && path.startsWith("api", "v1", "repositories")
        && path.fromEnd(0).equals("history")
        && path.fromEnd(2).equals("tags")
        && path.fromEnd(3).equals("-")) {
      String name = path.join(3, path.size() - 4);
      String tag = path.fromEnd(1);
      return Optional.of(
          Resource.at("/api/v1/repositories/{name}/-/tags/{tag}/history")
              .get(x -> tagHistory.get(x, name, tag)));
    }
    return Optional.empty();
  }
}
