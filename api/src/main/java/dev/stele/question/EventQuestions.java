package dev.stele.question;

import dev.stele.history.DigestState;
import dev.stele.history.DigestStates;
import dev.stele.history.ObservedPulls;
import dev.stele.history.Since;
import dev.stele.history.TagMove;
import dev.stele.log.LogReader;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.registry.EventEntry;
import dev.stele.registry.EventPage;
import dev.stele.registry.Registry;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/** Events: by any mix of filters, one, those of a digest, the moves of tags, and pulls. */
public final class EventQuestions {
  private final Registry registry;
  private final DigestStates states;

  EventQuestions(Registry registry) {
    this.registry = registry;
    this.states = new DigestStates(registry.archive());
  }

  /**
   * What happened to a tag.
   *
   * @param change {@code created}, {@code moved} or {@code deleted}
   */
  public record Move(
      long position,
      String at,
      Optional<String> actor,
      RepositoryName repository,
      Tag tag,
      String change,
      Optional<Digest> from,
      Optional<Digest> to,
      CauseRow cause) {
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
          CauseRow.of(move.cause()));
    }
  }

  /**
   * Pulls of a manifest by somebody.
   *
   * @param recordedAt after the last of them
   * @param tag by which; absent: by digest
   */
  public record Pulled(
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

  /**
   * A repository that has a digest now.
   *
   * @param kind {@code manifest} or {@code blob}
   * @param moreTags present if there are more tags than are told
   */
  public record Place(
      RepositoryName repository,
      String kind,
      Point since,
      List<Tag> tags,
      Optional<Boolean> moreTags,
      Optional<Point> unreachableSince) {
    static Place of(DigestState.Place place) {
      return new Place(
          place.repository(),
          place.kind().name().toLowerCase(Locale.ROOT),
          Point.of(place.since()),
          place.tags(),
          place.moreTags() ? Optional.of(true) : Optional.empty(),
          place.unreachableSince().map(Point::of));
    }
  }

  /** That a store gave up the bytes. */
  public record Swept(String store, long position, String at) {
    static Swept of(DigestState.Sweep sweep) {
      Since at = sweep.at();
      return new Swept(sweep.store(), at.position(), at.at().toString());
    }
  }

  Question<EventRow> events() {
    return Question.list(
            "events",
            Address.EVENTS,
            EventRow.COLUMNS,
            EventSelection.more(EventSelection.WITH_TYPE, Parameter.DIGEST),
            this::events)
        .confined()
        .shown(EventRow.TABLE);
  }

  List<Question<?>> others() {
    List<Parameter<?>> ofDigest = EventSelection.more(EventSelection.PARAMETERS, Parameter.DIGEST);
    return List.of(
        Question.one("event", Address.EVENT, EventRow.COLUMNS, List.of(), this::event)
            .shown(EventRow.ONE),
        Question.list(
                "digest", Address.DIGEST, EventRow.COLUMNS, EventSelection.WITH_TYPE, this::digest)
            .shown(EventRow.TABLE),
        Question.list(
                "tag-moves",
                Address.TAG_MOVES,
                Columns.fields(Move.class),
                ofDigest,
                asked ->
                    found(
                        asked,
                        EventSelection.of(asked, registry, false).ofTypes(TagMove.TYPES),
                        event -> Move.of(TagMove.of(event))))
            .confined()
            .shown(Columns.table(Move.class)),
        Question.list(
                "pulls",
                Address.PULLS,
                Columns.fields(Pulled.class),
                ofDigest,
                asked ->
                    found(
                        asked,
                        EventSelection.of(asked, registry, false).ofTypes(ObservedPulls.TYPES),
                        event -> Pulled.of(ObservedPulls.of(event))))
            .confined(),
        Question.list(
                "retention log",
                Address.EVALUATIONS,
                Columns.fields(RetentionRows.Evaluation.class),
                List.of(Parameter.REPOSITORY, Parameter.AFTER, Parameter.LIMIT),
                asked ->
                    found(
                        asked,
                        EventSelection.of(asked, registry, false)
                            .ofTypes(RetentionRows.Evaluation.TYPES),
                        RetentionRows.Evaluation::of))
            .confined());
  }

  private <R> Answer<R> found(Asked asked, EventSelection selection, Function<EventEntry, R> row) {
    EventPage page = registry.log().events(selection.query(asked.limit()));
    return Answer.of(Map.of(), page.events().stream().map(row).toList())
        .next(selection.next(), number(page.next()));
  }

  private Answer<EventRow> events(Asked asked) {
    return found(asked, EventSelection.of(asked, registry, false), EventRow::of);
  }

  private Answer<EventRow> event(Asked asked) {
    long position = position(asked.path("position"));
    EventEntry event =
        registry.log().event(position).orElseThrow(() -> noEvent(position).asException());
    return Answer.one(EventRow.of(event));
  }

  /**
   * The position by which an address names an event.
   *
   * @throws dev.stele.server.http.RefusedRequestException 400 if it is none
   */
  public static long position(String text) {
    if (!text.matches("[0-9]{1,18}")) {
      throw Parameter.invalid("an event is named by its position in the log, such as 17");
    }
    return Long.parseLong(text);
  }

  private DistributionError noEvent(long position) {
    long newest = registry.archive().read(LogReader::nextPosition) - 1;
    return new DistributionError(
        404,
        ErrorCode.NOT_FOUND,
        "there is no event at position %d yet; ".formatted(position)
            + (newest < 0 ? "there is none at all" : "the newest is at " + newest),
        Map.of("position", position));
  }

  /**
   * The life of a manifest or blob: what there is of it now, and the events that speak of it, the
   * newest first.
   */
  private Answer<EventRow> digest(Asked asked) {
    Digest digest =
        DigestText.parse(asked.path("digest")).resolve(registry.archive(), asked.everywhere());
    EventSelection selection = EventSelection.of(asked, registry, true).of(digest);
    Answer<EventRow> page = found(asked, selection, EventRow::of);
    DigestState state = states.of(digest);
    if (page.rows().isEmpty() && !registry.log().mentioned(digest)) {
      throw unmentioned(digest).asException();
    }
    return new Answer<>(
        Answer.about(
            "digest",
            digest,
            "mediaType",
            state.mediaType(),
            "size",
            number(state.size()),
            "repositories",
            state.places().stream().map(Place::of).toList(),
            "moreRepositories",
            state.morePlaces() ? Optional.of(true) : Optional.empty(),
            "stores",
            state.stores(),
            "unlinkedSince",
            state.unlinkedSince().map(Point::of),
            "swept",
            state.sweeps().stream().map(Swept::of).toList()),
        page.rows(),
        page.next(),
        Optional.empty());
  }

  static DistributionError unmentioned(Digest digest) {
    return new DistributionError(
        404, ErrorCode.BLOB_UNKNOWN, "no event speaks of " + digest, Map.of("digest", digest));
  }

  /** A number as an answer has it. */
  static Optional<Long> number(OptionalLong number) {
    return number.isPresent() ? Optional.of(number.getAsLong()) : Optional.empty();
  }
}
