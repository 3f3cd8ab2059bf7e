package dev.stele.server.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.history.TagMove;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.registry.EventPage;
import dev.stele.registry.Registry;
import dev.stele.server.http.Exchange;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** {@code GET /api/v1/tag-moves}: which tags came, moved and went in a window of time. */
record TagMoves(Registry registry) {
  /**
   * What happened to a tag.
   *
   * @param change {@code created}, {@code moved} or {@code deleted}
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Move(
      long position,
      String at,
      Optional<String> actor,
      RepositoryName repository,
      Tag tag,
      String change,
      Optional<Digest> from,
      Optional<Digest> to,
      JsonNode cause) {
    static Move of(TagMove move) {
      return new Move(
          move.position(),
          move.at().toString(),
          move.actor(),
          move.repository(),
          move.tag(),
          move.change().name().toLowerCase(Locale.ROOT),
          move.from(),
          move.to(),
          move.cause());
    }
  }

  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Listing(List<Move> moves, Optional<Long> next) {}

  void get(Exchange exchange) throws IOException {
    EventPage page =
        registry.events(
            EventParameters.of(exchange.query(), registry.archive(), false)
                .ofTypes(TagMove.TYPES)
                .query(Math.max(1, EventParameters.limit(exchange.query()))));
    exchange.sendJson(
        200,
        new Listing(
            page.events().stream().map(event -> Move.of(TagMove.of(event))).toList(),
            EventParameters.number(page.next())));
  }
}
