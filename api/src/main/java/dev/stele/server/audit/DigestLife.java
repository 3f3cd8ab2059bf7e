package dev.stele.server.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.stele.history.DigestState;
import dev.stele.history.DigestStates;
import dev.stele.history.Since;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.registry.EventPage;
import dev.stele.registry.Registry;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * {@code GET /api/v1/digests/<digest>}: the life of a manifest or blob. What there is of it now,
 * and the events that speak of it, the newest first: who pushed, mounted, tagged and pulled it,
 * what took it away and under which rule.
 */
final class DigestLife {
  private final Registry registry;
  private final DigestStates states;

  DigestLife(Registry registry) {
    this.registry = registry;
    this.states = new DigestStates(registry.archive());
  }

  record When(long position, String at) {
    static When of(Since since) {
      return new When(since.position(), since.at().toString());
    }
  }

  /**
   * A repository that has it now.
   *
   * @param kind {@code manifest} or {@code blob}
   * @param moreTags present if there are more tags than are told
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Place(
      RepositoryName repository,
      String kind,
      When since,
      List<Tag> tags,
      Optional<Boolean> moreTags,
      Optional<When> unreachableSince) {
    static Place of(DigestState.Place place) {
      return new Place(
          place.repository(),
          place.kind().name().toLowerCase(Locale.ROOT),
          When.of(place.since()),
          place.tags(),
          place.moreTags() ? Optional.of(true) : Optional.empty(),
          place.unreachableSince().map(When::of));
    }
  }

  record Swept(String store, long position, String at) {
    static Swept of(DigestState.Sweep sweep) {
      return new Swept(sweep.store(), sweep.at().position(), sweep.at().at().toString());
    }
  }

  /**
   * The answer.
   *
   * @param repositories that have it now
   * @param moreRepositories present if there are more than are told
   * @param stores that have its bytes as a blob
   * @param next to be passed as {@code before} (or {@code after}, if the oldest come first) for the
   *     page of events that follows
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Life(
      Digest digest,
      Optional<String> mediaType,
      Optional<Long> size,
      List<Place> repositories,
      Optional<Boolean> moreRepositories,
      List<String> stores,
      Optional<When> unlinkedSince,
      List<Swept> swept,
      List<Events.Event> events,
      Optional<Long> next) {}

  void get(Exchange exchange, String text) throws IOException {
    Digest digest = Digest.parse(text);
    EventPage page =
        registry.events(
            EventParameters.of(exchange.query(), registry.archive(), true)
                .of(digest)
                .query(Math.max(1, EventParameters.limit(exchange.query()))));
    DigestState state = states.of(digest);
    if (page.events().isEmpty() && !registry.mentioned(digest)) {
      throw new DistributionError(
              404, ErrorCode.BLOB_UNKNOWN, "no event speaks of " + digest, Map.of("digest", digest))
          .asException();
    }
    exchange.sendJson(
        200,
        new Life(
            digest,
            state.mediaType(),
            EventParameters.number(state.size()),
            state.places().stream().map(Place::of).toList(),
            state.morePlaces() ? Optional.of(true) : Optional.empty(),
            state.stores(),
            state.unlinkedSince().map(When::of),
            state.sweeps().stream().map(Swept::of).toList(),
            page.events().stream().map(Events.Event::of).toList(),
            EventParameters.number(page.next())));
  }
}
