package dev.stele.question;

import dev.stele.event.Cause;
import dev.stele.event.EventCodec;
import dev.stele.log.AsOf;
import dev.stele.oci.Digest;
import dev.stele.policy.TagGlob;
import dev.stele.registry.EventFilter;
import dev.stele.registry.EventQuery;
import dev.stele.registry.Registry;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Which events are asked for: an interval, by moments ({@code from}, {@code to}) and by positions
 * ({@code after}, {@code before}); a filter ({@code repository}, {@code type}, {@code actor},
 * {@code digest}, {@code tag}, {@code cause}); and an {@code order}.
 *
 * @param after only those after this position
 * @param through only those up to this position, itself included
 */
public record EventSelection(EventFilter filter, long after, long through, boolean newestFirst) {
  private static final Parameter<String> TYPE = new Parameter<>("type", EventSelection::type);
  private static final Parameter<String> ACTOR = Parameter.text("actor");
  private static final Parameter<TagGlob> TAG = new Parameter<>("tag", TagGlob::parse);
  private static final Parameter<Cause.Kind> CAUSE =
      new Parameter<>("cause", EventSelection::cause);
  private static final Parameter<String> ORDER =
      new Parameter<>(
          "order",
          text -> {
            if (!text.equals("asc") && !text.equals("desc")) {
              throw new IllegalArgumentException(
                  "must be asc (oldest first) or desc (newest first)");
            }
            return text;
          });

  /** Those of any selection of events. */
  static final List<Parameter<?>> PARAMETERS =
      List.of(
          Parameter.FROM,
          Parameter.TO,
          Parameter.AFTER,
          Parameter.BEFORE,
          ORDER,
          Parameter.LIMIT,
          Parameter.REPOSITORY,
          ACTOR,
          TAG,
          CAUSE);

  /** The same, with the types of events. */
  static final List<Parameter<?>> WITH_TYPE = more(PARAMETERS, TYPE);

  static List<Parameter<?>> more(List<Parameter<?>> some, Parameter<?>... more) {
    return Stream.concat(some.stream(), Arrays.stream(more)).toList();
  }

  /**
   * Reads all of them.
   *
   * @throws dev.stele.server.http.RefusedRequestException saying what is wrong with one of them
   */
  public static EventSelection of(Asked asked, Registry registry, boolean newestFirst) {
    long after = asked.first(Parameter.AFTER).orElse(-1L);
    long before = asked.first(Parameter.BEFORE).orElse(Long.MAX_VALUE);
    EventFilter filter = filter(asked, registry);
    // Needs no view.
    Interval<AsOf> interval = Interval.of(asked, registry.archive()::asOf);
    return new EventSelection(
        filter,
        Math.max(after, interval.from().map(AsOf::position).orElse(-1L)),
        Math.min(before - 1, interval.to().map(AsOf::position).orElse(Long.MAX_VALUE)),
        asked.first(ORDER).map("desc"::equals).orElse(newestFirst));
  }

  /** Which events, wherever they are, as far as a question has these parameters. */
  static EventFilter filter(Asked asked, Registry registry) {
    return new EventFilter(
        asked.first(Parameter.REPOSITORY),
        Set.copyOf(asked.all(TYPE)),
        asked.first(ACTOR),
        asked
            .first(Parameter.DIGEST)
            .map(digest -> digest.resolve(registry.archive(), asked.everywhere())),
        asked.first(TAG),
        asked.first(CAUSE));
  }

  /** The same, of these types of events only. */
  EventSelection ofTypes(Set<String> types) {
    return new EventSelection(filter.ofTypes(types), after, through, newestFirst);
  }

  /** The same, of this digest only. */
  EventSelection of(Digest digest) {
    return new EventSelection(filter.ofDigest(digest), after, through, newestFirst);
  }

  EventQuery query(int limit) {
    return new EventQuery(filter, after, through, newestFirst, limit);
  }

  /** The parameter that says where the next page begins. */
  public Parameter<Long> next() {
    return newestFirst ? Parameter.BEFORE : Parameter.AFTER;
  }

  private static String type(String type) {
    return EventCodec.typeNames().stream()
        .filter(type::equalsIgnoreCase)
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "must be one of "
                        + String.join(", ", new TreeSet<>(EventCodec.typeNames()))
                        + "; there is no type of events '"
                        + type
                        + "'"));
  }

  private static Cause.Kind cause(String text) {
    return Arrays.stream(Cause.Kind.values())
        .filter(kind -> kind.name().equalsIgnoreCase(text))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "must be one of "
                        + String.join(
                            ", ",
                            Arrays.stream(Cause.Kind.values()).map(Cause.Kind::name).toList())));
  }
}
