package dev.stele.server.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.stele.registry.Registry;
import dev.stele.registry.WebhookStatus;
import dev.stele.server.http.Exchange;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** {@code GET /api/v1/webhooks}: how each webhook is doing. */
record WebhookList(Registry registry) {
  /** A webhook; see {@link WebhookStatus}. */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  private record Entry(
      String name,
      Optional<String> address,
      String state,
      long nextPosition,
      long lag,
      Optional<String> deliveredAt,
      int failures,
      Optional<String> lastError,
      Optional<String> lastErrorAt,
      Optional<String> nextTryAt) {
    static Entry of(WebhookStatus status) {
      return new Entry(
          status.name(),
          status.address(),
          status.state().name().toLowerCase(Locale.ROOT),
          status.nextPosition(),
          status.lag(),
          status.deliveredAt().map(Instant::toString),
          status.failures(),
          status.lastError(),
          status.lastErrorAt().map(Instant::toString),
          status.nextTryAt().map(Instant::toString));
    }
  }

  private record Listing(List<Entry> webhooks) {}

  void get(Exchange exchange) throws IOException {
    exchange.sendJson(
        200, new Listing(registry.webhooks().list().stream().map(Entry::of).toList()));
  }
}
