package dev.stele.server.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.stele.history.ObservedPulls;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.registry.EventPage;
import dev.stele.registry.Registry;
import dev.stele.server.http.Exchange;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** {@code GET /api/v1/pulls}: what was pulled, by whom, how often. */
record Pulls(Registry registry) {
  /**
   * Pulls of a manifest by somebody.
   *
   * @param recordedAt after the last of them
   * @param tag by which; absent: by digest
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Pulled(
      long position,
      String recordedAt,
      Optional<String> actor,
      RepositoryName repository,
      Optional<Tag> tag,
      Digest digest,
      long count,
      String first,
      String last) {
    static Pulled of(ObservedPulls pulls) {
      return new Pulled(
          pulls.position(),
          pulls.at().toString(),
          pulls.actor(),
          pulls.repository(),
          pulls.tag(),
          pulls.digest(),
          pulls.count(),
          pulls.first().toString(),
          pulls.last().toString());
    }
  }

  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Listing(List<Pulled> pulls, Optional<Long> next) {}

  void get(Exchange exchange) throws IOException {
    EventPage page =
        registry.events(
            EventParameters.of(exchange.query(), registry.archive(), false)
                .ofTypes(ObservedPulls.TYPES)
                .query(Math.max(1, EventParameters.limit(exchange.query()))));
    exchange.sendJson(
        200,
        new Listing(
            page.events().stream().map(event -> Pulled.of(ObservedPulls.of(event))).toList(),
            EventParameters.number(page.next())));
  }
}
