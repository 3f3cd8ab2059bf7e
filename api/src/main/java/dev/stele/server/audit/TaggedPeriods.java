package dev.stele.server.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.stele.history.History;
import dev.stele.history.Since;
import dev.stele.history.TagPeriod;
import dev.stele.history.TagPeriods;
import dev.stele.log.AsOf;
import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.registry.Page;
import dev.stele.registry.Registry;
import dev.stele.server.distribution.Refusals;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.PageRequest;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code GET /api/v1/repositories/<name>/-/pullable}: what could be pulled by tag during an
 * interval. {@code GET /api/v1/tags}: where a digest was tagged.
 */
final class TaggedPeriods {
  private final Registry registry;
  private final History history;
  private final TagPeriods periods;

  TaggedPeriods(Registry registry, History history) {
    this.registry = registry;
    this.history = history;
    this.periods = new TagPeriods(registry);
  }

  /** An event. The actor is absent if that person was forgotten. */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record When(long position, String at, Optional<String> actor) {
    static When of(Since since, Optional<String> actor) {
      return new When(since.position(), since.at().toString(), actor);
    }
  }

  /**
   * A period during which a tag had a digest.
   *
   * @param until absent while it still has it
   * @param endedBy {@code moved} or {@code deleted}
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Period(
      RepositoryName repository,
      Tag tag,
      Digest digest,
      When from,
      Optional<When> until,
      Optional<String> endedBy) {
    static Period of(TagPeriod period) {
      return new Period(
          period.repository(),
          period.tag(),
          period.digest(),
          When.of(period.from(), period.fromActor()),
          period.until().map(until -> When.of(until, period.untilActor())),
          period.endedBy());
    }
  }

  record Pullable(
      RepositoryHistory.At from,
      RepositoryHistory.At to,
      RepositoryName repository,
      List<Period> tags) {}

  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Tagged(Digest digest, List<Period> tags, Optional<Long> next) {}

  void pullable(Exchange exchange, String name) throws IOException {
    RepositoryName repository = RepositoryName.parse(name);
    AsOf to = moment(exchange, "to").orElseGet(history::now);
    AsOf from = moment(exchange, "from").orElse(to);
    if (from.position() > to.position()) {
      throw EventParameters.invalid("from (" + from + ") must not be after to (" + to + ")");
    }
    int limit = Math.max(1, EventParameters.limit(exchange.query()));
    Page<TagPeriod> page =
        Refusals.accepted(periods.overlapping(repository, from, to, after(exchange), limit));
    if (page.more()) {
      TagPeriod last = page.items().getLast();
      Map<String, String> next = new LinkedHashMap<>();
      // As positions, so that all pages are of one interval. Only a time can be before the first.
      next.put("from", written(from));
      next.put("to", written(to));
      next.put("limit", Integer.toString(limit));
      next.put("last", last.tag().value());
      next.put("last-position", Long.toString(last.from().position()));
      exchange.set(
          "Link", PageRequest.next("/api/v1/repositories/" + repository + "/-/pullable", next));
    }
    exchange.sendJson(
        200,
        new Pullable(
            RepositoryHistory.At.of(from),
            RepositoryHistory.At.of(to),
            repository,
            page.items().stream().map(Period::of).toList()));
  }

  private static String written(AsOf asOf) {
    return asOf.position() < 0
        ? asOf.moment().toString()
        : new Moment.AtPosition(asOf.position()).toString();
  }

  private Optional<AsOf> moment(Exchange exchange, String name) {
    return EventParameters.moment(exchange.query(), name, registry.archive());
  }

  private static Optional<TagPeriods.Key> after(Exchange exchange) {
    Optional<Long> position =
        EventParameters.position(exchange.query().first("last-position"), "last-position");
    return exchange
        .query()
        .first("last")
        .map(tag -> new TagPeriods.Key(Tag.parse(tag), position.orElse(Long.MAX_VALUE)));
  }

  void ofDigest(Exchange exchange) throws IOException {
    Digest digest =
        exchange
            .query()
            .first("digest")
            .map(Digest::parse)
            .orElseThrow(() -> EventParameters.invalid("digest must say which digest is meant"));
    TagPeriods.OfDigest page =
        periods.ofDigest(
            digest,
            EventParameters.glob(exchange.query()),
            EventParameters.position(exchange.query().first("after"), "after").orElse(-1L),
            Math.max(1, EventParameters.limit(exchange.query())));
    exchange.sendJson(
        200,
        new Tagged(
            digest,
            page.periods().stream().map(Period::of).toList(),
            EventParameters.number(page.next())));
  }
}
