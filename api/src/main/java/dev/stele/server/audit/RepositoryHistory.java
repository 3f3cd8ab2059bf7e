package dev.stele.server.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.stele.history.Change;
import dev.stele.history.History;
import dev.stele.history.PastManifest;
import dev.stele.history.PastTag;
import dev.stele.history.Since;
import dev.stele.log.AsOf;
import dev.stele.log.Moment;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.registry.Page;
import dev.stele.server.distribution.Refusals;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.PageRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * {@code /api/v1/repositories} and what is below one: what there was at a moment ({@code at}, the
 * newest event if absent), and what changed between two. A link to the next page names the position
 * that the moment was resolved to, so that all pages are of one state.
 */
final class RepositoryHistory {
  private static final String ROOT = "/api/v1/repositories";
  private static final int DEFAULT_PAGE = 100;
  private static final int LARGEST_PAGE = 1_000;

  private final History history;

  RepositoryHistory(History history) {
    this.history = history;
  }

  /**
   * The moment that an answer is as of.
   *
   * @param position of the last event by then; -1 if there was none
   * @param moment as it was asked for
   */
  record At(long position, String moment) {
    static At of(AsOf asOf) {
      return new At(asOf.position(), asOf.moment().toString());
    }
  }

  record SinceWhen(long position, String at) {
    static SinceWhen of(Since since) {
      return new SinceWhen(since.position(), since.at().toString());
    }
  }

  record Repositories(At at, List<RepositoryName> repositories) {}

  record TagThen(Tag name, Digest digest, SinceWhen since) {}

  record Tags(At at, RepositoryName repository, List<TagThen> tags) {}

  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record ManifestThen(
      Digest digest,
      String mediaType,
      Optional<String> artifactType,
      long size,
      Optional<Digest> subject,
      SinceWhen since) {}

  record Manifests(At at, RepositoryName repository, List<ManifestThen> manifests) {}

  record Referrers(At at, RepositoryName repository, Digest subject, List<Descriptor> referrers) {}

  /**
   * A tag that changed.
   *
   * @param change {@code added}, {@code moved} or {@code removed}
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record TagChange(Tag name, String change, Optional<Digest> from, Optional<Digest> to) {}

  /**
   * A manifest that came or went.
   *
   * @param change {@code added} or {@code removed}
   */
  record ManifestChange(Digest digest, String change) {}

  record Diff(
      At from,
      At to,
      RepositoryName repository,
      List<TagChange> tags,
      List<ManifestChange> manifests) {}

  void repositories(Exchange exchange) throws IOException {
    AsOf at = moment(exchange, "at");
    Page<RepositoryName> page =
        history.repositories(at, exchange.query().first("last"), limit(exchange));
    link(exchange, ROOT, at, page, RepositoryName::value);
    exchange.sendJson(200, new Repositories(At.of(at), page.items()));
  }

  void tags(Exchange exchange, String name) throws IOException {
    RepositoryName repository = RepositoryName.parse(name);
    AsOf at = moment(exchange, "at");
    Page<PastTag> page =
        Refusals.accepted(
            history.tags(at, repository, exchange.query().first("last"), limit(exchange)));
    link(exchange, path(repository, "tags"), at, page, tag -> tag.tag().value());
    exchange.sendJson(
        200,
        new Tags(
            At.of(at),
            repository,
            page.items().stream()
                .map(tag -> new TagThen(tag.tag(), tag.digest(), SinceWhen.of(tag.since())))
                .toList()));
  }

  void manifests(Exchange exchange, String name) throws IOException {
    RepositoryName repository = RepositoryName.parse(name);
    AsOf at = moment(exchange, "at");
    Page<PastManifest> page =
        Refusals.accepted(history.manifests(at, repository, lastDigest(exchange), limit(exchange)));
    link(
        exchange,
        path(repository, "manifests"),
        at,
        page,
        manifest -> manifest.digest().toString());
    exchange.sendJson(
        200,
        new Manifests(
            At.of(at),
            repository,
            page.items().stream()
                .map(
                    manifest ->
                        new ManifestThen(
                            manifest.digest(),
                            manifest.mediaType(),
                            manifest.artifactType(),
                            manifest.size(),
                            manifest.subject(),
                            SinceWhen.of(manifest.since())))
                .toList()));
  }

  void referrers(Exchange exchange, String name, String digest) throws IOException {
    RepositoryName repository = RepositoryName.parse(name);
    Digest subject = Digest.parse(digest);
    AsOf at = moment(exchange, "at");
    Page<Descriptor> page =
        history.referrers(
            at, repository, subject, Optional.empty(), lastDigest(exchange), limit(exchange));
    link(
        exchange,
        path(repository, "referrers/" + subject),
        at,
        page,
        referrer -> referrer.digest().toString());
    exchange.sendJson(200, new Referrers(At.of(at), repository, subject, page.items()));
  }

  void diff(Exchange exchange, String name) throws IOException {
    RepositoryName repository = RepositoryName.parse(name);
    if (exchange.query().first("from").isEmpty()) {
      throw new DistributionError(
              400, ErrorCode.REQUEST_INVALID, "from must say since when to compare")
          .asException();
    }
    AsOf from = moment(exchange, "from");
    AsOf to = moment(exchange, "to");
    if (from.position() > to.position()) {
      throw new DistributionError(
              400,
              ErrorCode.REQUEST_INVALID,
              "from (" + from + ") must not be after to (" + to + ")")
          .asException();
    }
    Page<Change> page =
        Refusals.accepted(
            history.diff(from, to, repository, lastChange(exchange), limit(exchange)));
    if (page.more()) {
      Map<String, String> parameters = new LinkedHashMap<>();
      parameters.put("from", written(from));
      parameters.put("to", written(to));
      parameters.put("limit", Integer.toString(limit(exchange)));
      switch (page.items().getLast()) {
        case Change.TagChange tag -> parameters.put("last-tag", tag.tag().value());
        case Change.ManifestChange manifest ->
            parameters.put("last-manifest", manifest.digest().toString());
      }
      exchange.set("Link", PageRequest.next(path(repository, "diff"), parameters));
    }
    exchange.sendJson(200, diff(from, to, repository, page.items()));
  }

  private static Diff diff(AsOf from, AsOf to, RepositoryName repository, List<Change> changes) {
    List<TagChange> tags = new ArrayList<>();
    List<ManifestChange> manifests = new ArrayList<>();
    for (Change change : changes) {
      switch (change) {
        case Change.TagChange(var tag, var before, var after) ->
            tags.add(
                new TagChange(
                    tag,
                    before.isEmpty() ? "added" : after.isEmpty() ? "removed" : "moved",
                    before,
                    after));
        case Change.ManifestChange(var digest, var added) ->
            manifests.add(new ManifestChange(digest, added ? "added" : "removed"));
      }
    }
    return new Diff(At.of(from), At.of(to), repository, tags, manifests);
  }

  private static Optional<Change> lastChange(Exchange exchange) {
    Optional<Change> tag =
        exchange
            .query()
            .first("last-tag")
            .map(text -> new Change.TagChange(Tag.parse(text), Optional.empty(), Optional.empty()));
    return exchange
        .query()
        .first("last-manifest")
        .<Change>map(text -> new Change.ManifestChange(Digest.parse(text), true))
        .or(() -> tag);
  }

  private AsOf moment(Exchange exchange, String parameter) {
    return exchange
        .query()
        .first(parameter)
        .map(text -> Refusals.accepted(history.asOf(Moment.parse(text))))
        .orElseGet(history::now);
  }

  private static int limit(Exchange exchange) {
    return Math.max(1, PageRequest.size(exchange.query(), "limit", DEFAULT_PAGE, LARGEST_PAGE));
  }

  private static Optional<Digest> lastDigest(Exchange exchange) {
    return exchange.query().first("last").map(Digest::parse);
  }

  private static String path(RepositoryName repository, String what) {
    return ROOT + "/" + repository + "/-/" + what;
  }

  private static <T> void link(
      Exchange exchange, String path, AsOf at, Page<T> page, Function<T, String> key) {
    if (page.more()) {
      Map<String, String> parameters = new LinkedHashMap<>();
      parameters.put("at", written(at));
      parameters.put("limit", Integer.toString(limit(exchange)));
      parameters.put("last", key.apply(page.items().getLast()));
      exchange.set("Link", PageRequest.next(path, parameters));
    }
  }

  /** So that the moment means the same once more. Before the first event only a time is known. */
  private static String written(AsOf asOf) {
    return asOf.position() < 0
        ? asOf.moment().toString()
        : new Moment.AtPosition(asOf.position()).toString();
  }
}
