package dev.stele.question;

import dev.stele.event.RecordedEvent;
import dev.stele.history.History;
import dev.stele.log.Moment;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.policy.Durations;
import dev.stele.policy.InvalidPolicyException;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.RetentionPolicy;
import dev.stele.registry.EventEntry;
import dev.stele.registry.Refusal;
import dev.stele.registry.Registry;
import dev.stele.retention.Difference;
import dev.stele.retention.Explanation;
import dev.stele.retention.Fate;
import dev.stele.retention.Occurrence;
import dev.stele.retention.Reprocessing;
import dev.stele.retention.TagDecision;
import dev.stele.retention.Verdict;
import dev.stele.server.config.PolicyYaml;
import dev.stele.server.distribution.Refusals;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What retention policies decide and would have decided, and what became of a tag. A question about
 * a repository takes time in proportion to its events, whatever the page.
 */
final class RetentionQuestions {
  private static final Parameter<Boolean> ALL =
      new Parameter<>(
          "all",
          text ->
              switch (text) {
                case "true" -> true;
                case "false" -> false;
                default -> throw new IllegalArgumentException("must be true or false");
              });
  private static final Parameter<RepositoryName> LAST_REPOSITORY =
      new Parameter<>("last", RepositoryName::parse);

  /** How many names are looked at for a page, and how many repositories or evaluations decided. */
  private static final int NAMES = 1_000;

  private static final int MOST = 100;

  private static final Parameter<Reprocessing.Timing> EVERY =
      new Parameter<>("every", RetentionQuestions::timing);

  private final Registry registry;
  private final History history;
  private final Reprocessing reprocessing;

  RetentionQuestions(Registry registry, History history) {
    this.registry = registry;
    this.history = history;
    this.reprocessing = new Reprocessing(registry);
  }

  List<Question<?>> all() {
    return Stream.<Question<?>>of(
            Question.one(
                "retention explain",
                Address.TAG_RETENTION,
                RetentionRows.Explained.COLUMNS,
                List.of(Parameter.AT),
                this::explain),
            Question.list(
                    "retention preview",
                    Address.PREVIEW,
                    RetentionRows.Decided.COLUMNS,
                    List.of(
                        Parameter.AT, Parameter.REPOSITORY, ALL, Parameter.LIMIT, LAST_REPOSITORY),
                    this::previewAll)
                .confined()
                .posted(),
            Question.list(
                    "retention preview of a repository",
                    Address.PREVIEW_OF_ONE,
                    RetentionRows.Decided.COLUMNS,
                    List.of(Parameter.AT, Parameter.LIMIT, Parameter.LAST_TAG),
                    this::preview)
                .posted(),
            Question.list(
                    "retention replay",
                    Address.REPLAY,
                    RetentionRows.Compared.COLUMNS,
                    List.of(
                        Parameter.FROM,
                        Parameter.TO,
                        EVERY,
                        Parameter.REPOSITORY,
                        ALL,
                        Parameter.LIMIT,
                        LAST_REPOSITORY),
                    this::replayAll)
                .confined()
                .shown(RetentionRows.Compared.TABLE)
                .posted(),
            Question.list(
                    "retention replay of a repository",
                    Address.REPLAY_OF_ONE,
                    RetentionRows.Compared.COLUMNS,
                    List.of(
                        Parameter.FROM,
                        Parameter.TO,
                        EVERY,
                        ALL,
                        Parameter.LIMIT,
                        Parameter.LAST_TAG),
                    this::replay)
                .shown(RetentionRows.Compared.TABLE)
                .posted(),
            Question.list(
                "retention verify",
                Address.VERIFICATION,
                Columns.fields(RetentionRows.Rechecked.class),
                List.of(ALL, Parameter.AFTER, Parameter.LIMIT),
                this::verify))
        .<Question<?>>map(question -> question.needing(Action.RETENTION))
        .toList();
  }

  private static Reprocessing.Timing timing(String every) {
    if (every.equals("recorded")) {
      return new Reprocessing.Timing.AsRecorded();
    }
    try {
      return new Reprocessing.Timing.Every(Durations.parse(every));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("must be a duration or 'recorded': " + e.getMessage(), e);
    }
  }

  /** The page that is asked for, of what there is in the order of tags. */
  private static <T, R> Answer<R> page(
      Asked asked,
      Map<String, Object> about,
      List<T> all,
      Function<T, Tag> tag,
      Function<T, R> row) {
    Optional<Tag> last = asked.first(Parameter.LAST_TAG);
    int limit = asked.limit();
    List<T> rest =
        all.stream()
            .filter(item -> last.isEmpty() || tag.apply(item).compareTo(last.get()) > 0)
            .limit(limit + 1L)
            .toList();
    Answer<R> answer = Answer.of(about, rest.stream().limit(limit).map(row).toList());
    return rest.size() <= limit
        ? answer
        : answer.next(Parameter.LAST_TAG, Optional.of(tag.apply(rest.get(limit - 1))));
  }

  /** What the policy in the body decides about a repository. */
  private Answer<RetentionRows.Decided> preview(Asked asked) {
    RepositoryName repository = asked.repository();
    Occurrence at = moment(asked, Parameter.AT);
    known(repository, at);
    RetentionPolicy policy = policy(asked).orElseThrow(RetentionQuestions::noPolicy);
    List<TagDecision> decisions = new ArrayList<>();
    reprocessing.preview(policy, repository, at, decisions::add);
    long kept = decisions.stream().filter(decision -> decision.verdict().keeps()).count();
    return page(
        asked,
        Answer.about(
            "at",
            RetentionRows.Input.of(at),
            "repository",
            repository,
            "policy",
            policy.digest(),
            "kept",
            kept,
            "removed",
            decisions.size() - kept),
        decisions,
        TagDecision::tag,
        decision -> RetentionRows.Decided.of(repository, decision));
  }

  /** What the policy in the body would have made of a repository. */
  private Answer<RetentionRows.Compared> replay(Asked asked) {
    RepositoryName repository = asked.repository();
    Moment _ = asked.required(Parameter.FROM, "since when to replay");
    Interval<Occurrence> interval = Interval.of(asked, reprocessing::at, Occurrence::position);
    Occurrence from = interval.from().orElseThrow();
    Occurrence to = interval.to().orElseGet(reprocessing::now);
    known(repository, to);
    Reprocessing.Timing timing = asked.first(EVERY).orElseGet(() -> EVERY.read("1d"));
    boolean all = asked.first(ALL).orElse(false);
    RetentionPolicy policy = policy(asked).orElseThrow(RetentionQuestions::noPolicy);
    List<Difference> differences =
        differences(policy, repository, from, to, timing).stream()
            .filter(difference -> all || difference.kind() != Difference.Kind.SAME)
            .toList();
    return page(
        asked,
        Answer.about(
            "from",
            RetentionRows.Input.of(from),
            "to",
            RetentionRows.Input.of(to),
            "repository",
            repository,
            "policy",
            policy.digest()),
        differences,
        Difference::tag,
        RetentionRows.Compared::of);
  }

  /** What a policy decides about all repositories, or those that a glob matches. */
  private Answer<RetentionRows.Decided> previewAll(Asked asked) {
    Occurrence at = moment(asked, Parameter.AT);
    RetentionPolicy policy = policy(asked).orElseGet(() -> inForce(at));
    boolean all = asked.first(ALL).orElse(false);
    Map<String, Long> counts = new TreeMap<>(Map.of("kept", 0L, "removed", 0L));
    return everywhere(
        asked,
        at,
        Parameter.AT,
        Answer.about(
            "at",
            RetentionRows.Input.of(at),
            "policy",
            policy.digest(),
            "untagged",
            policy.policies().stream()
                .map(RetentionPolicy.Policy::rules)
                .anyMatch(rules -> rules.deleteUntagged() || rules.deleteReferrers()),
            "counts",
            counts),
        (repository, rows) ->
            reprocessing.preview(
                policy,
                repository,
                at,
                decision -> {
                  boolean keeps = decision.verdict().keeps();
                  counts.merge(keeps ? "kept" : "removed", 1L, Long::sum);
                  if (all || !keeps) {
                    rows.add(RetentionRows.Decided.of(repository, decision));
                  }
                }));
  }

  /** What a policy would have made of all repositories, or those that a glob matches. */
  private Answer<RetentionRows.Compared> replayAll(Asked asked) {
    Moment _ = asked.required(Parameter.FROM, "since when to replay");
    Interval<Occurrence> interval = Interval.of(asked, reprocessing::at, Occurrence::position);
    Occurrence from = interval.from().orElseThrow();
    Occurrence to = interval.to().orElseGet(reprocessing::now);
    Reprocessing.Timing timing = asked.first(EVERY).orElseGet(() -> EVERY.read("1d"));
    boolean all = asked.first(ALL).orElse(false);
    RetentionPolicy policy = policy(asked).orElseThrow(RetentionQuestions::noPolicy);
    Map<String, Long> counts = new TreeMap<>();
    for (Difference.Kind kind : Difference.Kind.values()) {
      counts.put(kind.name().toLowerCase(Locale.ROOT), 0L);
    }
    return everywhere(
        asked,
        to,
        Parameter.TO,
        Answer.about(
            "from",
            RetentionRows.Input.of(from),
            "to",
            RetentionRows.Input.of(to),
            "policy",
            policy.digest(),
            "counts",
            counts),
        (repository, rows) -> {
          for (Difference difference : differences(policy, repository, from, to, timing)) {
            counts.merge(difference.kind().name().toLowerCase(Locale.ROOT), 1L, Long::sum);
            if (all || difference.kind() != Difference.Kind.SAME) {
              rows.add(RetentionRows.Compared.of(difference));
            }
          }
        });
  }

  private List<Difference> differences(
      RetentionPolicy policy,
      RepositoryName repository,
      Occurrence from,
      Occurrence to,
      Reprocessing.Timing timing) {
    try {
      return reprocessing.replay(policy, repository, from, to, timing);
    } catch (IllegalArgumentException e) {
      throw Parameter.invalid("every: " + e.getMessage());
    }
  }

  /**
   * Repository after repository until the page is full; it ends with a repository, so it may have
   * more rows than were asked for. The next one is as of the same moment.
   *
   * @param moment the parameter that says as of when
   * @param rows adds those of a repository
   */
  private <R> Answer<R> everywhere(
      Asked asked,
      Occurrence at,
      Parameter<Moment> moment,
      Map<String, Object> about,
      BiConsumer<RepositoryName, List<R>> rows) {
    Optional<RepositoryGlob> glob = asked.first(Parameter.REPOSITORY);
    Optional<RepositoryName> last = asked.first(LAST_REPOSITORY);
    int limit = asked.limit();
    List<RepositoryName> names = reprocessing.repositories(at, last, NAMES);
    List<R> found = new ArrayList<>();
    int looked = 0;
    for (RepositoryName name : names) {
      if (found.size() >= limit || looked == MOST) {
        return next(Answer.of(about, found), asked, at, moment, last);
      }
      if (glob.isEmpty() || glob.get().matches(name)) {
        rows.accept(name, found);
        looked++;
      }
      last = Optional.of(name);
    }
    Answer<R> answer = Answer.of(about, found);
    return names.size() < NAMES ? answer : next(answer, asked, at, moment, last);
  }

  private static <R> Answer<R> next(
      Answer<R> answer,
      Asked asked,
      Occurrence at,
      Parameter<Moment> moment,
      Optional<RepositoryName> last) {
    return answer
        .next(
            moment,
            Optional.of(asked.first(moment).map(Moment::toString).orElse(at.at().toString())))
        .next(LAST_REPOSITORY, last);
  }

  /** Every decision on record, made again; those alone whose result is another unless all. */
  private Answer<RetentionRows.Rechecked> verify(Asked asked) {
    boolean all = asked.first(ALL).orElse(false);
    int limit = Math.min(asked.limit(), MOST);
    long from = asked.first(Parameter.AFTER).orElse(-1L) + 1;
    List<RecordedEvent> evaluations = reprocessing.evaluations(from, limit);
    List<RetentionRows.Rechecked> rows =
        evaluations.stream()
            .map(reprocessing::recheck)
            .map(RetentionRows.Rechecked::of)
            .filter(check -> all || !check.equal())
            .toList();
    Answer<RetentionRows.Rechecked> answer =
        Answer.of(Answer.about("evaluations", evaluations.size()), rows);
    return evaluations.size() < limit
        ? answer
        : answer.next(Parameter.AFTER, Optional.of(evaluations.getLast().position()));
  }

  private RetentionPolicy inForce(Occurrence at) {
    return reprocessing.policy(
        reprocessing
            .policyInForce(at)
            .orElseThrow(
                () ->
                    new DistributionError(
                            404,
                            ErrorCode.NOT_FOUND,
                            "no retention policy was in force at %s; name one with --policy, over HTTP in the body"
                                .formatted(at.at()))
                        .asException()));
  }

  /** Why a tag stays, goes or went, under the policy in the body or the one in force then. */
  private Answer<RetentionRows.Explained> explain(Asked asked) {
    RepositoryName repository = asked.repository();
    Tag tag = asked.tag();
    Occurrence at = moment(asked, Parameter.AT);
    known(repository, at);
    Explanation explanation =
        reprocessing
            .explain(repository, tag, at, policy(asked))
            .orElseThrow(
                () ->
                    Absence.more(
                        Refusals.toError(new Refusal.UnknownManifest(repository, tag)),
                        "there was no tag %s:%s by %s, nor before"
                            .formatted(repository, tag, at.at())));
    return Answer.one(
        new RetentionRows.Explained(
            repository,
            tag,
            explanation.digest(),
            explanation.removed().isEmpty(),
            RetentionRows.Input.of(explanation.asOf()),
            explanation.verdict().map(Verdict::keeps),
            explanation.verdict().map(Verdict::reason),
            explanation.verdict().flatMap(this::hold),
            explanation.policy(),
            explanation.put().map(RetentionRows.When::of),
            explanation.pushedRank(),
            explanation.pulled().map(RetentionRows.When::of),
            explanation.pulledRank(),
            explanation.removed().map(this::removal)));
  }

  private Optional<HoldRow> hold(Verdict verdict) {
    return verdict instanceof Verdict.Held(UUID id)
        ? Optional.of(HoldRow.of(Refusals.accepted(registry.holds().find(id))))
        : Optional.empty();
  }

  private RetentionRows.Removal removal(Fate.Removed removed) {
    Optional<Long> position = removed.event().map(Occurrence::position);
    Optional<EventEntry> event = position.flatMap(registry.log()::event);
    return new RetentionRows.Removal(
        removed.gone().at().toString(),
        removed.why(),
        removed.evaluation(),
        RetentionRows.evaluationTime(removed),
        position,
        event.flatMap(EventEntry::actor),
        event.flatMap(entry -> CauseRow.of(entry.cause()).reason()));
  }

  private void known(RepositoryName repository, Occurrence at) {
    if (!reprocessing.known(repository, at)) {
      throw Absence.explained(history, new Refusal.UnknownRepository(repository));
    }
  }

  private Occurrence moment(Asked asked, Parameter<Moment> parameter) {
    return asked
        .first(parameter)
        .map(moment -> Refusals.accepted(reprocessing.at(moment)))
        .orElseGet(reprocessing::now);
  }

  private static Optional<RetentionPolicy> policy(Asked asked) {
    if (asked.body().isBlank()) {
      return Optional.empty();
    }
    try {
      return Optional.of(PolicyYaml.read(asked.body()));
    } catch (InvalidPolicyException e) {
      throw Parameter.invalid("the body is no retention policy: " + e.getMessage());
    }
  }

  private static RuntimeException noPolicy() {
    return new DistributionError(
            400, ErrorCode.REQUEST_INVALID, "the body must be a retention policy, as YAML or JSON")
        .asException();
  }
}
