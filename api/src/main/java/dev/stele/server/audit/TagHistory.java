package dev.stele.server.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.TagView;
import dev.stele.registry.Registry;
import dev.stele.server.distribution.Refusals;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.PageRequest;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * {@code GET /api/v1/repositories/<name>/-/tags/<tag>/history}: every digest that the tag had, from
 * when until when and by whom, newest first. {@code before} is a position, for the next page.
 */
final class TagHistory {
  private static final int DEFAULT_PAGE = 100;
  private static final int LARGEST_PAGE = 1_000;

  private final Registry registry;

  TagHistory(Registry registry) {
    this.registry = registry;
  }

  /** A moment of the log. The actor is absent if that person was forgotten. */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Moment(long position, String at, Optional<String> actor) {}

  /**
   * A period during which the tag had a digest.
   *
   * @param mediaType of the manifest
   * @param size of the manifest, in bytes
   * @param until absent while the tag still has the digest
   * @param endedBy {@code moved} or {@code deleted}
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Period(
      Digest digest,
      String mediaType,
      long size,
      Moment from,
      Optional<Moment> until,
      Optional<String> endedBy) {
    static Period of(TagView.Period period) {
      return new Period(
          period.digest(),
          period.mediaType(),
          period.size(),
          new Moment(period.fromPosition(), period.from().toString(), period.fromActor()),
          period
              .untilPosition()
              .map(
                  position ->
                      new Moment(
                          position, period.until().orElseThrow().toString(), period.untilActor())),
          period.endedBy());
    }
  }

  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Listing(
      RepositoryName repository, Tag tag, List<Period> history, Optional<Long> nextBefore) {}

  void get(Exchange exchange, String name, String tagText) throws IOException {
    RepositoryName repository = RepositoryName.parse(name);
    Tag tag = Tag.parse(tagText);
    int limit =
        Math.max(1, PageRequest.size(exchange.query(), "limit", DEFAULT_PAGE, LARGEST_PAGE));
    Optional<Long> before = exchange.query().first("before").map(TagHistory::position);
    List<TagView.Period> found =
        Refusals.accepted(registry.tagHistory(repository, tag, limit + 1, before));
    boolean more = found.size() > limit;
    List<TagView.Period> page = more ? found.subList(0, limit) : found;
    exchange.sendJson(
        200,
        new Listing(
            repository,
            tag,
            page.stream().map(Period::of).toList(),
            more ? Optional.of(page.getLast().fromPosition()) : Optional.empty()));
  }

  private static Long position(String digits) {
    if (!digits.matches("[0-9]{1,18}")) {
      throw new DistributionError(
              400, ErrorCode.REQUEST_INVALID, "before must be a position of the log")
          .asException();
    }
    return Long.valueOf(digits);
  }
}
