package dev.stele.question;

import dev.stele.event.Why;
import dev.stele.history.History;
import dev.stele.history.PastTag;
import dev.stele.history.Since;
import dev.stele.history.TagPeriod;
import dev.stele.history.TagPeriods;
import dev.stele.log.AsOf;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.TagView;
import dev.stele.registry.Outcome;
import dev.stele.registry.Page;
import dev.stele.registry.Refusal;
import dev.stele.registry.Registry;
import dev.stele.server.distribution.Refusals;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * When tags pointed where: a tag's history, what could be pulled, and where a digest was tagged.
 */
final class TagQuestions {
  private static final int MOST_TAGS = 10;
  private static final Parameter<Long> LAST_POSITION = Parameter.position("last-position");

  private final Registry registry;
  private final History history;
  private final TagPeriods periods;

  TagQuestions(Registry registry, History history) {
    this.registry = registry;
    this.history = history;
    this.periods = new TagPeriods(registry);
  }

  /**
   * A period during which a tag had a digest.
   *
   * @param mediaType of the manifest
   * @param size of the manifest, in bytes
   * @param until absent while the tag still has the digest
   * @param endedBy {@code moved} or {@code deleted}
   */
  public record HistoryPeriod(
      Digest digest,
      Act from,
      Optional<Act> until,
      Optional<String> endedBy,
      String mediaType,
      long size) {
    static HistoryPeriod of(TagView.Period period, Map<Long, Why> causes) {
      Digest digest = period.digest();
      return new HistoryPeriod(
          digest,
          act(new Since(period.fromPosition(), period.from()), period.fromActor(), digest, causes),
          period
              .untilPosition()
              .map(position -> new Since(position, period.until().orElseThrow()))
              .map(until -> act(until, period.untilActor(), digest, causes)),
          period.endedBy(),
          period.mediaType(),
          period.size());
    }
  }

  /**
   * A period during which a tag of a repository had a digest.
   *
   * @param until absent while it still has it
   * @param endedBy {@code moved} or {@code deleted}
   */
  public record Period(
      RepositoryName repository,
      Tag tag,
      Digest digest,
      Act from,
      Optional<Act> until,
      Optional<String> endedBy) {
    static Period of(TagPeriod period, Map<Long, Why> causes) {
      Digest digest = period.digest();
      return new Period(
          period.repository(),
          period.tag(),
          digest,
          act(period.from(), period.fromActor(), digest, causes),
          period.until().map(until -> act(until, period.untilActor(), digest, causes)),
          period.endedBy());
    }
  }

  private static Act act(
      Since since, Optional<String> actor, Digest digest, Map<Long, Why> causes) {
    return Act.of(
        since,
        actor,
        Optional.ofNullable(causes.get(since.position())).map(why -> CauseRow.ofTag(why, digest)));
  }

  List<Question<?>> all() {
    return List.of(
        Question.list(
                "tag-history",
                Address.TAG_HISTORY,
                Columns.fields(HistoryPeriod.class),
                List.of(Parameter.LIMIT, Parameter.BEFORE),
                this::history)
            .shown(Columns.table(HistoryPeriod.class)),
        Question.list(
                "pullable",
                Address.PULLABLE,
                Columns.fields(Period.class),
                List.of(
                    Parameter.FROM,
                    Parameter.TO,
                    Parameter.LIMIT,
                    Parameter.LAST_TAG,
                    LAST_POSITION),
                this::pullable)
            .shown(Columns.table(Period.class)),
        Question.list(
                "digest --tags",
                Address.TAGS_OF_DIGEST,
                Columns.fields(Period.class),
                List.of(Parameter.DIGEST, Parameter.REPOSITORY, Parameter.AFTER, Parameter.LIMIT),
                this::ofDigest)
            .shown(Columns.table(Period.class)));
  }

  private Answer<HistoryPeriod> history(Asked asked) {
    RepositoryName repository = asked.repository();
    Tag tag = asked.tag();
    int limit = asked.limit();
    Outcome<List<TagView.Period>> outcome =
        registry.archive().tagHistory(repository, tag, limit + 1, asked.first(Parameter.BEFORE));
    if (outcome instanceof Outcome.Refused<?>(Refusal.UnknownManifest unknown)) {
      throw Absence.more(Refusals.toError(unknown), "it never had that tag; " + tags(repository));
    }
    Page<TagView.Period> page = Page.of(Absence.present(history, outcome), limit);
    Set<Long> positions = new HashSet<>();
    for (TagView.Period period : page.items()) {
      positions.add(period.fromPosition());
      period.untilPosition().ifPresent(positions::add);
    }
    Map<Long, Why> causes = registry.archive().causes(positions);
    Answer<HistoryPeriod> answer =
        Answer.of(
            Answer.about("repository", repository, "tag", tag),
            page.items().stream().map(period -> HistoryPeriod.of(period, causes)).toList());
    return page.more()
        ? answer.next(Parameter.BEFORE, Optional.of(page.items().getLast().fromPosition()))
        : answer;
  }

  /** What a person may have meant. */
  private String tags(RepositoryName repository) {
    return switch (history.tags(history.now(), repository, Optional.empty(), MOST_TAGS)) {
      case Outcome.Ok<Page<PastTag>>(Page<PastTag> page) when !page.items().isEmpty() ->
          page.items().stream()
              .map(tag -> tag.tag().value())
              .collect(Collectors.joining(", ", "it has ", page.more() ? ", ..." : ""));
      case Outcome.Ok<Page<PastTag>> _, Outcome.Refused<Page<PastTag>> _ -> "it has no tags now";
    };
  }

  private Answer<Period> pullable(Asked asked) {
    RepositoryName repository = asked.repository();
    Interval<AsOf> interval = Interval.of(asked, history::asOf);
    AsOf to = interval.to().orElseGet(history::now);
    AsOf from = interval.from().orElse(to);
    Optional<TagPeriods.Key> after =
        asked
            .first(Parameter.LAST_TAG)
            .map(tag -> new TagPeriods.Key(tag, asked.first(LAST_POSITION).orElse(Long.MAX_VALUE)));
    Page<TagPeriod> page =
        Absence.present(history, periods.overlapping(repository, from, to, after, asked.limit()));
    Answer<Period> answer =
        Answer.of(
            Answer.about("from", At.of(from), "to", At.of(to), "repository", repository),
            rows(page.items()));
    if (!page.more()) {
      return answer;
    }
    TagPeriod last = page.items().getLast();
    // As positions, so that all pages are of one interval. Only a time can be before the first.
    return answer
        .next(Parameter.FROM, Optional.of(At.written(from)))
        .next(Parameter.TO, Optional.of(At.written(to)))
        .next(Parameter.LAST_TAG, Optional.of(last.tag()))
        .next(LAST_POSITION, Optional.of(last.from().position()));
  }

  private Answer<Period> ofDigest(Asked asked) {
    Digest digest =
        asked
            .required(Parameter.DIGEST, "which digest is meant")
            .resolve(registry.archive(), asked.everywhere());
    TagPeriods.OfDigest page =
        periods.ofDigest(
            digest,
            asked.first(Parameter.REPOSITORY),
            asked.first(Parameter.AFTER).orElse(-1L),
            asked.limit());
    return Answer.of(Answer.about("digest", digest), rows(page.periods()))
        .next(Parameter.AFTER, EventQuestions.number(page.next()));
  }

  private List<Period> rows(List<TagPeriod> found) {
    return rows(registry, found);
  }

  /** Periods with the causes of their begin and end. */
  static List<Period> rows(Registry registry, List<TagPeriod> found) {
    Set<Long> positions = new HashSet<>();
    for (TagPeriod period : found) {
      positions.add(period.from().position());
      period.until().map(Since::position).ifPresent(positions::add);
    }
    Map<Long, Why> causes = registry.archive().causes(positions);
    return found.stream().map(period -> Period.of(period, causes)).toList();
  }
}
