package dev.stele.server.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.stele.history.ActorPulls;
import dev.stele.history.Exposed;
import dev.stele.history.ExposedPlace;
import dev.stele.history.Exposure;
import dev.stele.history.ExposurePage;
import dev.stele.log.AsOf;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.PageRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * {@code GET /api/v1/exposure}: in which manifests a digest is and was, where those were and how
 * they were tagged, and who pulled them. Of each list within a manifest it has the first {@value
 * #NESTED}, and says which go on.
 */
final class ExposureOf {
  private static final int DEFAULT_PAGE = 50;
  private static final int LARGEST_PAGE = 200;
  private static final int NESTED = 20;

  private final Exposure exposure;

  ExposureOf(Exposure exposure) {
    this.exposure = exposure;
  }

  /** A period during which a repository had the manifest. */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Place(
      RepositoryName repository,
      RepositoryHistory.SinceWhen from,
      Optional<RepositoryHistory.SinceWhen> until,
      Optional<String> endedBy) {
    static Place of(ExposedPlace place) {
      return new Place(
          place.repository(),
          RepositoryHistory.SinceWhen.of(place.from()),
          place.until().map(RepositoryHistory.SinceWhen::of),
          place.endedBy());
    }
  }

  /** Pulls by somebody; without a tag, those by digest. */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Pulled(
      RepositoryName repository,
      Optional<Tag> tag,
      Optional<String> actor,
      long count,
      String first,
      String last) {
    static Pulled of(ActorPulls pulls) {
      return new Pulled(
          pulls.repository(),
          pulls.tag(),
          pulls.actor(),
          pulls.count(),
          pulls.first().toString(),
          pulls.last().toString());
    }
  }

  /**
   * A manifest that has the digest; see {@link Exposed}.
   *
   * @param more which of the lists have more than is told here: {@code repositories}, {@code tags},
   *     {@code pulls}, or {@code indexes} for manifests that should follow this one
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Manifest(
      Digest digest,
      String mediaType,
      long size,
      List<String> how,
      Optional<Digest> via,
      List<Place> repositories,
      List<TaggedPeriods.Period> tags,
      List<Pulled> pulls,
      List<String> more) {
    static Manifest of(Exposed exposed, Exposure.Where where) {
      List<String> more = new ArrayList<>();
      if (where.places().more()) {
        more.add("repositories");
      }
      if (where.tags().more()) {
        more.add("tags");
      }
      if (where.pulls().more()) {
        more.add("pulls");
      }
      if (exposed.moreIndexes()) {
        more.add("indexes");
      }
      return new Manifest(
          exposed.digest(),
          exposed.mediaType(),
          exposed.size(),
          exposed.how().stream().sorted().map(how -> how.name().toLowerCase(Locale.ROOT)).toList(),
          exposed.via(),
          where.places().items().stream().map(Place::of).toList(),
          where.tags().items().stream().map(TaggedPeriods.Period::of).toList(),
          where.pulls().items().stream().map(Pulled::of).toList(),
          more);
    }
  }

  record Listing(RepositoryHistory.At at, Digest digest, List<Manifest> manifests) {}

  void get(Exchange exchange) throws IOException {
    Digest digest =
        digest(exchange, "digest")
            .orElseThrow(() -> EventParameters.invalid("digest must say which digest is meant"));
    Optional<ExposurePage.Key> after =
        digest(exchange, "last")
            .map(last -> new ExposurePage.Key(last, digest(exchange, "last-index")));
    if (after.isEmpty() && digest(exchange, "last-index").isPresent()) {
      throw EventParameters.invalid("last-index says nothing without last");
    }
    int limit =
        Math.max(1, PageRequest.size(exchange.query(), "limit", DEFAULT_PAGE, LARGEST_PAGE));
    AsOf now = exposure.now();
    ExposurePage page = exposure.manifests(digest, after, limit);
    Map<Digest, Exposure.Where> where =
        exposure.where(page.manifests().stream().map(Exposed::digest).distinct().toList(), NESTED);
    page.next()
        .ifPresent(
            next -> {
              Map<String, String> parameters = new LinkedHashMap<>();
              parameters.put("digest", digest.toString());
              parameters.put("limit", Integer.toString(limit));
              parameters.put("last", next.image().toString());
              next.index().ifPresent(index -> parameters.put("last-index", index.toString()));
              exchange.set("Link", PageRequest.next("/api/v1/exposure", parameters));
            });
    exchange.sendJson(
        200,
        new Listing(
            RepositoryHistory.At.of(now),
            digest,
            page.manifests().stream()
                .map(exposed -> Manifest.of(exposed, where.get(exposed.digest())))
                .toList()));
  }

  private static Optional<Digest> digest(Exchange exchange, String name) {
    return exchange.query().first(name).map(Digest::parse);
  }
}
