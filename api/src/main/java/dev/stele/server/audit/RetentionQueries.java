package dev.stele.server.audit;

import static dev.stele.server.audit.EventParameters.invalid;
import static dev.stele.server.audit.EventParameters.position;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.Durations;
import dev.stele.policy.InvalidPolicyException;
import dev.stele.policy.RetentionPolicy;
import dev.stele.registry.Refusal;
import dev.stele.retention.Difference;
import dev.stele.retention.Explanation;
import dev.stele.retention.Fate;
import dev.stele.retention.Moment;
import dev.stele.retention.Reprocessing;
import dev.stele.retention.TagDecision;
import dev.stele.retention.Verdict;
import dev.stele.server.config.PolicyYaml;
import dev.stele.server.distribution.Refusals;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.PageRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * What retention policies decide, would have decided, and did. A question about a repository takes
 * time in proportion to its events, whatever the page.
 */
final class RetentionQueries {
  private static final int DEFAULT_PAGE = 100;
  private static final int LARGEST_PAGE = 1_000;
  private static final int LARGEST_POLICY = 1 << 20;

  private final Reprocessing reprocessing;

  RetentionQueries(Reprocessing reprocessing) {
    this.reprocessing = reprocessing;
  }

  /**
   * What something is as of.
   *
   * @param position of the last event that it follows from; -1 if there was none
   */
  record At(long position, String time) {
    static At of(Moment moment) {
      return new At(moment.position() - 1, moment.at().toString());
    }
  }

  /** An event, and its time. */
  record When(long position, String at) {
    static When of(Moment moment) {
      return new When(moment.position(), moment.at().toString());
    }
  }

  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Decided(
      Tag name, Digest digest, boolean keeps, String reason, long put, Optional<Long> pulled) {
    static Decided of(TagDecision decision) {
      return new Decided(
          decision.tag(),
          decision.digest(),
          decision.verdict().keeps(),
          decision.verdict().reason(),
          decision.put(),
          decision.pulled());
    }
  }

  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Preview(
      At at,
      RepositoryName repository,
      Digest policy,
      long kept,
      long removed,
      List<Decided> tags,
      Optional<Tag> nextLast) {}

  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Outcome(
      boolean kept, Optional<String> at, Optional<String> why, Optional<Long> evaluation) {
    static Outcome of(Fate fate) {
      return switch (fate) {
        case Fate.Kept _ -> new Outcome(true, Optional.empty(), Optional.empty(), Optional.empty());
        case Fate.Removed removed ->
            new Outcome(
                false,
                Optional.of(removed.at().at().toString()),
                Optional.of(removed.why()),
                removed.evaluation());
      };
    }
  }

  record Compared(Tag name, Digest digest, String difference, Outcome inFact, Outcome underPolicy) {
    static Compared of(Difference difference) {
      return new Compared(
          difference.tag(),
          difference.recorded().digest(),
          difference.kind().name().toLowerCase(Locale.ROOT),
          Outcome.of(difference.recorded()),
          Outcome.of(difference.replayed()));
    }
  }

  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Replay(
      At from,
      At to,
      RepositoryName repository,
      Digest policy,
      List<Compared> tags,
      Optional<Tag> nextLast) {}

  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Explained(
      RepositoryName repository,
      Tag tag,
      Digest digest,
      At at,
      Optional<Boolean> keeps,
      Optional<String> reason,
      Optional<Digest> policy,
      Optional<When> put,
      Optional<When> pulled,
      Optional<Integer> pushedRank,
      Optional<Integer> pulledRank,
      Optional<Outcome> removed) {
    static Explained of(Explanation explanation) {
      return new Explained(
          explanation.repository(),
          explanation.tag(),
          explanation.digest(),
          At.of(explanation.asOf()),
          explanation.verdict().map(Verdict::keeps),
          explanation.verdict().map(Verdict::reason),
          explanation.policy(),
          explanation.put().map(When::of),
          explanation.pulled().map(When::of),
          explanation.pushedRank(),
          explanation.pulledRank(),
          explanation.removed().map(Outcome::of));
    }
  }

  record Evaluation(
      long position,
      String recordedAt,
      RepositoryName repository,
      Digest policy,
      At input,
      long kept,
      long removed,
      Digest decisions,
      boolean dryRun) {
    static Evaluation of(RecordedEvent recorded) {
      Event.RetentionEvaluated evaluated = (Event.RetentionEvaluated) recorded.event();
      return new Evaluation(
          recorded.position(),
          recorded.recordedAt().toString(),
          evaluated.repository(),
          evaluated.policy(),
          At.of(new Moment(evaluated.inputPosition(), evaluated.evaluatedAt())),
          evaluated.kept(),
          evaluated.removed(),
          evaluated.decisions(),
          evaluated.dryRun());
    }
  }

  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Evaluations(List<Evaluation> evaluations, Optional<Long> nextAfter) {}

  /**
   * The page that a request is about, of what there is in the order of tags.
   *
   * @param nextLast where the next page begins, if there is more
   */
  private record Slice<T>(List<T> items, Optional<Tag> nextLast) {
    static <T> Slice<T> of(Exchange exchange, List<T> all, Function<T, Tag> tag) {
      Optional<Tag> last = exchange.query().first("last").map(Tag::parse);
      int limit = limit(exchange);
      List<T> rest =
          all.stream()
              .filter(item -> last.isEmpty() || tag.apply(item).compareTo(last.get()) > 0)
              .limit(limit + 1)
              .toList();
      return rest.size() <= limit
          ? new Slice<>(rest, Optional.empty())
          : new Slice<>(rest.subList(0, limit), Optional.of(tag.apply(rest.get(limit - 1))));
    }
  }

  /** What the policy in the body decides about a repository. */
  void preview(Exchange exchange, String name) throws IOException {
    RepositoryName repository = RepositoryName.parse(name);
    Moment at = moment(exchange, "at");
    known(repository, at);
    RetentionPolicy policy = policy(exchange);
    List<TagDecision> decisions = new ArrayList<>();
    reprocessing.preview(policy, repository, at, decisions::add);
    long kept = decisions.stream().filter(decision -> decision.verdict().keeps()).count();
    Slice<TagDecision> slice = Slice.of(exchange, decisions, TagDecision::tag);
    exchange.sendJson(
        200,
        new Preview(
            At.of(at),
            repository,
            policy.digest(),
            kept,
            decisions.size() - kept,
            slice.items().stream().map(Decided::of).toList(),
            slice.nextLast()));
  }

  /** What the policy in the body would have made of a repository. */
  void replay(Exchange exchange, String name) throws IOException {
    RepositoryName repository = RepositoryName.parse(name);
    if (exchange.query().first("from").isEmpty()) {
      throw invalid("from must say since when to replay");
    }
    Moment from = moment(exchange, "from");
    Moment to = moment(exchange, "to");
    if (from.position() > to.position() || from.at().isAfter(to.at())) {
      throw invalid("from must not be after to");
    }
    known(repository, to);
    Reprocessing.Timing timing = timing(exchange);
    boolean all = truth(exchange, "all");
    RetentionPolicy policy = policy(exchange);
    List<Difference> differences;
    try {
      differences =
          reprocessing.replay(policy, repository, from, to, timing).stream()
              .filter(difference -> all || difference.kind() != Difference.Kind.SAME)
              .toList();
    } catch (IllegalArgumentException e) {
      throw invalid("every: " + e.getMessage());
    }
    Slice<Difference> slice = Slice.of(exchange, differences, Difference::tag);
    exchange.sendJson(
        200,
        new Replay(
            At.of(from),
            At.of(to),
            repository,
            policy.digest(),
            slice.items().stream().map(Compared::of).toList(),
            slice.nextLast()));
  }

  /** Why a tag stays, goes or went, under the policy in force then. */
  void explain(Exchange exchange, String name, String tagText) throws IOException {
    RepositoryName repository = RepositoryName.parse(name);
    Tag tag = Tag.parse(tagText);
    Moment at = moment(exchange, "at");
    known(repository, at);
    Explanation explanation =
        reprocessing
            .explain(repository, tag, at, Optional.empty())
            .orElseThrow(
                () -> Refusals.toError(new Refusal.UnknownManifest(repository, tag)).asException());
    exchange.sendJson(200, Explained.of(explanation));
  }

  /** The evaluations on record. */
  void evaluations(Exchange exchange) throws IOException {
    long after = position(exchange.query().first("after"), "after").orElse(-1L);
    int limit = limit(exchange);
    List<RecordedEvent> found = reprocessing.evaluations(after + 1, limit + 1);
    boolean more = found.size() > limit;
    List<RecordedEvent> page = more ? found.subList(0, limit) : found;
    exchange.sendJson(
        200,
        new Evaluations(
            page.stream().map(Evaluation::of).toList(),
            more ? Optional.of(page.getLast().position()) : Optional.empty()));
  }

  private void known(RepositoryName repository, Moment at) {
    if (!reprocessing.known(repository, at)) {
      throw Refusals.toError(new Refusal.UnknownRepository(repository)).asException();
    }
  }

  private Moment moment(Exchange exchange, String parameter) {
    return exchange
        .query()
        .first(parameter)
        .map(text -> Refusals.accepted(reprocessing.at(dev.stele.log.Moment.parse(text))))
        .orElseGet(reprocessing::now);
  }

  private static Reprocessing.Timing timing(Exchange exchange) {
    String every = exchange.query().first("every").orElse("1d");
    if (every.equals("recorded")) {
      return new Reprocessing.Timing.AsRecorded();
    }
    try {
      return new Reprocessing.Timing.Every(Durations.parse(every));
    } catch (IllegalArgumentException e) {
      throw invalid("every must be a duration or 'recorded': " + e.getMessage());
    }
  }

  private static boolean truth(Exchange exchange, String parameter) {
    String value = exchange.query().first(parameter).orElse("false");
    return switch (value) {
      case "true" -> true;
      case "false" -> false;
      default -> throw invalid(parameter + " must be true or false");
    };
  }

  private static RetentionPolicy policy(Exchange exchange) throws IOException {
    byte[] body = exchange.body().readNBytes(LARGEST_POLICY + 1);
    if (body.length > LARGEST_POLICY) {
      throw new DistributionError(413, ErrorCode.SIZE_INVALID, "a policy may have 1 MiB at most")
          .asException();
    }
    try {
      return PolicyYaml.read(new String(body, StandardCharsets.UTF_8));
    } catch (InvalidPolicyException e) {
      throw invalid("the body is no retention policy: " + e.getMessage());
    }
  }

  private static int limit(Exchange exchange) {
    return Math.max(1, PageRequest.size(exchange.query(), "limit", DEFAULT_PAGE, LARGEST_PAGE));
  }
}
