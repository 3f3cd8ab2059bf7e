package dev.stele.server.audit;

import dev.stele.event.Cause;
import dev.stele.event.EventCodec;
import dev.stele.log.AsOf;
import dev.stele.log.LogReader;
import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.RepositoryGlob;
import dev.stele.registry.Archive;
import dev.stele.registry.EventFilter;
import dev.stele.registry.EventQuery;
import dev.stele.registry.Refusal;
import dev.stele.server.distribution.Refusals;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.PageRequest;
import dev.stele.server.http.QueryString;
import dev.stele.server.http.RefusedRequestException;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Which events a request is about: an interval, by moments ({@code from}, {@code to}) and by
 * positions ({@code after}, {@code before}); a filter ({@code repository}, {@code type}, {@code
 * actor}, {@code digest}, {@code tag}, {@code cause}); and an {@code order}.
 *
 * @param after only those after this position
 * @param through only those up to this position, itself included
 */
record EventParameters(EventFilter filter, long after, long through, boolean newestFirst) {
  private static final int DEFAULT_PAGE = 100;
  private static final int LARGEST_PAGE = 1_000;

  /**
   * Reads all of them.
   *
   * @throws RefusedRequestException saying what is wrong with one of them
   */
  static EventParameters of(QueryString query, Archive archive, boolean newestFirst) {
    long after = position(query.first("after"), "after").orElse(-1L);
    long before = position(query.first("before"), "before").orElse(Long.MAX_VALUE);
    return new EventParameters(
        filter(query),
        Math.max(after, moment(query, "from", archive).map(AsOf::position).orElse(-1L)),
        Math.min(
            before - 1, moment(query, "to", archive).map(AsOf::position).orElse(Long.MAX_VALUE)),
        newestFirst(query, newestFirst));
  }

  /** The same, of these types of events only. */
  EventParameters ofTypes(Set<String> types) {
    return new EventParameters(filter.ofTypes(types), after, through, newestFirst);
  }

  /** The same, of this digest only. */
  EventParameters of(Digest digest) {
    return new EventParameters(filter.ofDigest(digest), after, through, newestFirst);
  }

  EventQuery query(int limit) {
    return new EventQuery(filter, after, through, newestFirst, limit);
  }

  /** The size of a page; 0 asks for an empty one. */
  static int limit(QueryString query) {
    return PageRequest.size(query, "limit", DEFAULT_PAGE, LARGEST_PAGE);
  }

  private static EventFilter filter(QueryString query) {
    return new EventFilter(
        glob(query),
        types(query),
        query.first("actor"),
        query.first("digest").map(Digest::parse),
        query.first("tag").map(Tag::parse),
        query.first("cause").map(EventParameters::cause));
  }

  /** A repository's name, or a glob of names. */
  static Optional<RepositoryGlob> glob(QueryString query) {
    return query
        .first("repository")
        .map(
            text -> {
              try {
                RepositoryGlob glob = RepositoryGlob.parse(text);
                glob.only().ifPresent(RepositoryName::parse);
                return glob;
              } catch (InvalidNameException e) {
                throw e;
              } catch (IllegalArgumentException e) {
                throw invalid("repository " + e.getMessage());
              }
            });
  }

  private static Set<String> types(QueryString query) {
    Set<String> types = new TreeSet<>(query.all("type"));
    types.remove("");
    for (String type : types) {
      if (!EventCodec.typeNames().contains(type)) {
        throw invalid(
            "there is no type of events \""
                + type
                + "\"; type must be one of "
                + String.join(", ", new TreeSet<>(EventCodec.typeNames())));
      }
    }
    return types;
  }

  private static Cause.Kind cause(String text) {
    return Arrays.stream(Cause.Kind.values())
        .filter(kind -> kind.name().equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                invalid(
                    Arrays.stream(Cause.Kind.values())
                        .map(Cause.Kind::name)
                        .collect(Collectors.joining(", ", "cause must be one of ", ""))));
  }

  private static boolean newestFirst(QueryString query, boolean otherwise) {
    return query
        .first("order")
        .map(
            order ->
                switch (order) {
                  case "asc" -> false;
                  case "desc" -> true;
                  default ->
                      throw invalid("order must be asc (oldest first) or desc (newest first)");
                })
        .orElse(otherwise);
  }

  /** What a parameter's moment means in the log, if it is there. */
  static Optional<AsOf> moment(QueryString query, String name, Archive archive) {
    return query
        .first(name)
        .map(Moment::parse)
        .map(
            moment ->
                archive
                    .read(handle -> LogReader.asOf(handle, moment))
                    .orElseThrow(
                        () ->
                            Refusals.toError(
                                    new Refusal.NotYet(
                                        moment, archive.read(LogReader::nextPosition) - 1))
                                .asException()));
  }

  /** A position of the log; -1 is before the first. */
  static Optional<Long> position(Optional<String> text, String name) {
    return text.map(
        digits -> {
          if (!digits.matches("-1|[0-9]{1,18}")) {
            throw invalid(name + " must be a position of the log, or -1");
          }
          return Long.valueOf(digits);
        });
  }

  /** A number as an answer has it. */
  static Optional<Long> number(OptionalLong number) {
    return number.isPresent() ? Optional.of(number.getAsLong()) : Optional.empty();
  }

  static RefusedRequestException invalid(String what) {
    return new DistributionError(400, ErrorCode.REQUEST_INVALID, what).asException();
  }
}
