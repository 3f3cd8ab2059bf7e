package dev.stele.server.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.stele.gc.CollectingWindow;
import dev.stele.gc.Collection;
import dev.stele.gc.GcOptions;
import dev.stele.gc.Tally;
import dev.stele.gc.Waiting;
import dev.stele.registry.Registry;
import dev.stele.server.http.Exchange;
import java.io.IOException;
import java.time.Instant;
import java.util.List;

/** {@code /api/v1/gc}: how collecting is configured, what waits, and what this node did last. */
final class Collecting {
  /**
   * The answer.
   *
   * @param leading whether this node is the one that collects
   * @param last the collection that runs on this node, or its last one
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record Status(
      boolean enabled,
      String grace,
      String recycle,
      String interval,
      List<String> windows,
      boolean leading,
      Waiting waiting,
      Last last) {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record Last(String startedAt, String endedAt, Tally tally, String failure) {
    static Last of(Collection collection) {
      return new Last(
          collection.startedAt().toString(),
          collection.endedAt().map(Instant::toString).orElse(null),
          collection.tally(),
          collection.failure().orElse(null));
    }
  }

  private final Registry registry;

  Collecting(Registry registry) {
    this.registry = registry;
  }

  void get(Exchange exchange) throws IOException {
    GcOptions options = registry.collector().options();
    exchange.sendJson(
        200,
        new Status(
            options.enabled(),
            options.grace().toString(),
            options.recycle().toString(),
            options.interval().toString(),
            options.windows().stream().map(CollectingWindow::toString).toList(),
            registry.leads(),
            registry.waiting(),
            registry.collector().last().map(Last::of).orElse(null)));
  }
}
