package dev.stele.server.audit;

import dev.stele.history.History;
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
  private final RepositoryHistory repositories;
  private final ManifestDocument document;
  private final Health health;
  private final PrometheusMeterRegistry meters;

  /**
   * @param stopping whether the server has begun to stop: live streams end then
   */
  public Audit(Registry registry, PrometheusMeterRegistry meters, BooleanSupplier stopping) {
    this.events = new Events(registry, stopping);
    this.tagHistory = new TagHistory(registry);
    this.collecting = new Collecting(registry);
    History history = new History(registry);
    this.repositories = new RepositoryHistory(history);
    this.document = new ManifestDocument(history);
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
    if (path.size() == 4 && path.startsWith("api", "v1", "manifests")) {
      String digest = path.fromEnd(0);
      return Optional.of(
          Resource.at("/api/v1/manifests/{digest}").get(x -> document.get(x, digest)));
    }
    return path.startsWith("api", "v1", "repositories") ? repository(path) : Optional.empty();
  }

  private Optional<Resource> repository(RawPath path) {
    if (path.size() == 3) {
      return Optional.of(Resource.at("/api/v1/repositories").get(repositories::repositories));
    }
    // api v1 repositories <name...> - <what...>; a name never has a "-" for a component.
    if (path.size() >= 6 && path.fromEnd(1).equals("-")) {
      String name = path.join(3, path.size() - 2);
      return switch (path.fromEnd(0)) {
        case "tags" -> below("tags", x -> repositories.tags(x, name));
        case "manifests" -> below("manifests", x -> repositories.manifests(x, name));
        case "diff" -> below("diff", x -> repositories.diff(x, name));
        default -> Optional.empty();
      };
    }
    if (path.size() >= 7 && path.fromEnd(1).equals("referrers") && path.fromEnd(2).equals("-")) {
      String name = path.join(3, path.size() - 3);
      String digest = path.fromEnd(0);
      return below("referrers/{digest}", x -> repositories.referrers(x, name, digest));
    }
    if (path.size() >= 8
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

  private static Optional<Resource> below(String what, Resource.Handler handler) {
    return Optional.of(Resource.at("/api/v1/repositories/{name}/-/" + what).get(handler));
  }
}
