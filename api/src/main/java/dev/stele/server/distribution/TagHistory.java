package dev.stele.server.distribution;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.TagView;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.PageRequest;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code /v2/<name>/_oci/tag-history/<tag>}, experimental: a draft of the distribution
 * specification (pull request 606). A JSON list, newest first: a descriptor for each manifest that
 * the tag was moved to, also if the repository no longer has it, and the empty descriptor for each
 * deletion.
 */
final class TagHistory {
  private static final int DEFAULT_PAGE = 100;
  private static final int LARGEST_PAGE = 1_000;

  private static final String EMPTY_TYPE = "application/vnd.oci.empty.v1+json";
  private static final Digest EMPTY =
      Digest.parse("sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");

  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  record Entry(
      String mediaType,
      Digest digest,
      long size,
      Optional<String> data,
      Map<String, String> annotations) {}

  void get(Exchange exchange, Reading reading, DistributionRoute.TagHistory route)
      throws IOException {
    RepositoryName repository = RepositoryName.parse(route.name());
    Tag tag = Tag.parse(route.tag());
    int limit = PageRequest.size(exchange.query(), "n", DEFAULT_PAGE, LARGEST_PAGE);
    Instant before = instant(exchange, "before").orElse(Instant.MAX);
    Instant since = instant(exchange, "since").orElse(Instant.MIN);
    exchange.sendJson(200, entries(reading, repository, tag, limit, before, since));
  }

  private static List<Entry> entries(
      Reading reading,
      RepositoryName repository,
      Tag tag,
      int limit,
      Instant before,
      Instant since) {
    List<Entry> entries = new ArrayList<>();
    Optional<Long> position = Optional.empty();
    while (true) {
      List<TagView.Period> periods = reading.tagHistory(repository, tag, LARGEST_PAGE, position);
      for (TagView.Period period : periods) {
        if (period.endedBy().filter("deleted"::equals).isPresent()) {
          Instant deleted = period.until().orElseThrow();
          if (within(deleted, before, since) && entries.size() < limit) {
            entries.add(deletion(deleted));
          }
        }
        if (within(period.from(), before, since) && entries.size() < limit) {
          entries.add(assignment(period));
        }
        if (entries.size() == limit || period.from().isBefore(since)) {
          return entries;
        }
      }
      if (periods.size() < LARGEST_PAGE) {
        return entries;
      }
      position = Optional.of(periods.getLast().fromPosition());
    }
  }

  private static boolean within(Instant instant, Instant before, Instant since) {
    return instant.isBefore(before) && !instant.isBefore(since);
  }

  private static Entry deletion(Instant when) {
    return new Entry(
        EMPTY_TYPE,
        EMPTY,
        2,
        Optional.of("e30="),
        Map.of("org.opencontainers.tag.deleted", when.toString()));
  }

  private static Entry assignment(TagView.Period period) {
    return new Entry(
        period.mediaType(),
        period.digest(),
        period.size(),
        Optional.empty(),
        Map.of("org.opencontainers.tag.created", period.from().toString()));
  }

  private static Optional<Instant> instant(Exchange exchange, String name) {
    return exchange
        .query()
        .first(name)
        .map(
            text -> {
              if (Moment.parse(text) instanceof Moment.AtInstant(Instant instant)) {
                return instant;
              }
              throw new DistributionError(
                      400,
                      ErrorCode.REQUEST_INVALID,
                      name + " must be a time such as 2026-03-03T14:05:00Z")
                  .asException();
            });
  }
}
