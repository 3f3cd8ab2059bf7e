package dev.stele.retention;

import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import dev.stele.log.AsOf;
import dev.stele.log.LogReader;
import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.RetentionPolicy;
import dev.stele.projection.HistoryView;
import dev.stele.projection.RecordDocuments;
import dev.stele.projection.RetentionView;
import dev.stele.registry.Archive;
import dev.stele.registry.Outcome;
import dev.stele.registry.Refusal;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;

/**
 * Retention asked again of the record: what a policy would decide at a moment, what it would have
 * made of the past, why a tag stays or went, and whether past decisions still follow from what they
 * were made from. Records nothing and changes nothing.
 *
 * <p>What concerns a repository takes time in proportion to its events and memory in proportion to
 * its tags. Thread-safe. All methods throw {@link RegistryUnavailableException} if the database is
 * away.
 */
public final class Reprocessing {
  private static final int PAGE = 500;

  private final Archive archive;
  private final LogReader reader = new LogReader(new EventCodec());

  /** Reprocessing for a registry. */
  public Reprocessing(Registry registry) {
    this.archive = registry.archive();
  }

  /**
   * What a moment means for decisions: they follow from the events below its position, and rules
   * count back from its time.
   */
  public Outcome<Occurrence> at(Moment moment) {
    return switch (archive.asOf(moment)) {
      case Outcome.Ok<AsOf>(AsOf asOf) ->
          Outcome.ok(
              new Occurrence(asOf.position() + 1, archive.read(handle -> time(handle, moment))));
      case Outcome.Refused<AsOf>(Refusal refusal) -> Outcome.refused(refusal);
    };
  }

  private Instant time(Handle handle, Moment moment) {
    return switch (moment) {
      case Moment.AtInstant(Instant instant) -> instant;
      case Moment.AtPosition(long position) ->
          reader.events(handle, position, 1).getFirst().recordedAt();
    };
  }

  /** The present, as {@link #at} gives it. */
  public Occurrence now() {
    return archive.read(
        handle -> new Occurrence(LogReader.nextPosition(handle), Retention.now(handle)));
  }

  /** The policy that was in force. */
  public Optional<Digest> policyInForce(Occurrence at) {
    return archive.read(handle -> policyInForce(handle, at));
  }

  private Optional<Digest> policyInForce(Handle handle, Occurrence at) {
    Optional<Digest> inForce = Optional.empty();
    String type = Event.RetentionPolicyAdopted.class.getSimpleName();
    long next = 0;
    while (true) {
      List<RecordedEvent> page = reader.events(handle, next, type, PAGE);
      for (RecordedEvent recorded : page) {
        if (recorded.position() >= at.position()) {
          return inForce;
        }
        inForce = Optional.of(((Event.RetentionPolicyAdopted) recorded.event()).policy());
      }
      if (page.size() < PAGE) {
        return inForce;
      }
      next = page.getLast().position() + 1;
    }
  }

  /**
   * A policy on record.
   *
   * @throws IllegalStateException if its document is missing or was changed
   */
  public RetentionPolicy policy(Digest digest) {
    return archive.read(handle -> RetentionView.policy(handle, digest));
  }

  /** At most {@code limit} repositories that ever existed by then and come after one. */
  public List<RepositoryName> repositories(
      Occurrence at, Optional<RepositoryName> after, int limit) {
    archive.follow(at.position() - 1);
    return archive.read(handle -> HistoryView.repositories(handle, at.position(), after, limit));
  }

  /** Whether a repository existed by then, or before. */
  public boolean known(RepositoryName repository, Occurrence at) {
    return archive.read(
        handle ->
            reader.events(handle, 0, 1, repository, Optional.empty()).stream()
                .anyMatch(first -> first.position() < at.position()));
  }

  /**
   * What a policy would have decided about a repository at a moment.
   *
   * @param consumer gets each decision, in the byte order of the tags
   */
  public void preview(
      RetentionPolicy policy,
      RepositoryName repository,
      Occurrence at,
      Consumer<TagDecision> consumer) {
    RetentionPolicy.Rules rules = rules(policy, repository);
    archive.followExposure(at.position() - 1);
    archive.<Void>read(
        handle -> {
          List<TagDecision> decisions = new ArrayList<>();
          new Evaluation(
                  rules, new ReplayedFacts(handle, reader, repository, at.position()), at.at())
              .decide(decisions::add);
          decisions.forEach(consumer);
          return null;
        });
  }

  private static RetentionPolicy.Rules rules(RetentionPolicy policy, RepositoryName repository) {
    return policy
        .of(repository)
        .orElseGet(() -> new RetentionPolicy.Rules(false, false, List.of()));
  }

  /** When a replayed policy is evaluated. */
  public sealed interface Timing {
    /**
     * Whenever an evaluation of that repository is on record, and every so often beside, at most
     * {@value Schedule#MOST} times, and at the end.
     */
    record Every(Duration step) implements Timing {}

    /** Only whenever an evaluation of that repository is on record. */
    record AsRecorded() implements Timing {}
  }

  /**
   * Walks a repository's past as it would have been had a policy been in force from one moment to
   * another: what clients did happened all the same, what retention removed did not, and the policy
   * removes by itself what it does not keep. It begins with what there was.
   *
   * @return each tag that was there or came, in byte order
   * @throws IllegalArgumentException if there would be too many evaluations
   */
  public List<Difference> replay(
      RetentionPolicy policy,
      RepositoryName repository,
      Occurrence from,
      Occurrence to,
      Timing timing) {
    RetentionPolicy.Rules rules = rules(policy, repository);
    archive.followExposure(to.position() - 1);
    return archive.read(
        handle -> {
          ReplayedFacts past = new ReplayedFacts(handle, reader, repository, from.position());
          ReplayedFacts recorded = past.copy(ReplayedFacts.Removals.RECORDED);
          ReplayedFacts replayed = past.copy(ReplayedFacts.Removals.CLIENTS);
          List<Occurrence> due =
              new ArrayList<>(schedule(handle, repository, from, to, timing).evaluations());
          ReplayedFacts.forEach(
              handle,
              reader,
              repository,
              from.position(),
              to.position(),
              event -> {
                while (!due.isEmpty() && isBefore(due.getFirst(), event)) {
                  replayed.expire(rules, due.removeFirst());
                }
                recorded.apply(event);
                replayed.apply(event);
              });
          due.forEach(evaluation -> replayed.expire(rules, evaluation));
          return differences(repository, recorded, replayed);
        });
  }

  private static boolean isBefore(Occurrence evaluation, RecordedEvent event) {
    return evaluation.position() <= event.position()
        || evaluation.at().isBefore(event.recordedAt());
  }

  private Schedule schedule(
      Handle handle, RepositoryName repository, Occurrence from, Occurrence to, Timing timing) {
    List<Occurrence> evaluations = new ArrayList<>();
    ReplayedFacts.forEach(
        handle,
        reader,
        repository,
        from.position(),
        to.position(),
        event -> {
          if (event.event() instanceof Event.RetentionEvaluated evaluated) {
            evaluations.add(new Occurrence(evaluated.inputPosition(), evaluated.evaluatedAt()));
          }
        });
    Schedule recorded = new Schedule(evaluations);
    return switch (timing) {
      case Timing.Every(Duration step) -> recorded.and(Schedule.every(step, from.at(), to.at()));
      case Timing.AsRecorded() -> recorded;
    };
  }

  private static List<Difference> differences(
      RepositoryName repository, ReplayedFacts recorded, ReplayedFacts replayed) {
    List<Difference> differences = new ArrayList<>();
    for (Tag tag : recorded.everyTag()) {
      // INVARIANT: a tag is known to both or to neither, since only clients put tags.
      Fate inFact = recorded.fate(tag).orElseThrow();
      Fate underPolicy = replayed.fate(tag).orElseThrow();
      differences.add(new Difference(repository, tag, inFact, underPolicy));
    }
    return differences;
  }

  /**
   * Why a tag stays, goes or went, as of a moment.
   *
   * @param policy to decide by; absent: the one in force then
   * @return empty if there was no such tag by then
   */
  public Optional<Explanation> explain(
      RepositoryName repository, Tag tag, Occurrence at, Optional<RetentionPolicy> policy) {
    archive.followExposure(at.position() - 1);
    return archive.read(
        handle -> {
          ReplayedFacts facts = new ReplayedFacts(handle, reader, repository, at.position());
          return facts
              .fate(tag)
              .map(
                  fate ->
                      switch (fate) {
                        case Fate.Kept _ -> {
                          Optional<RetentionPolicy> deciding =
                              policy.or(
                                  () ->
                                      policyInForce(handle, at)
                                          .map(digest -> RetentionView.policy(handle, digest)));
                          yield present(repository, tag, at, facts, deciding);
                        }
                        case Fate.Removed removed -> gone(handle, repository, tag, at, removed);
                      });
        });
  }

  private static Explanation present(
      RepositoryName repository,
      Tag tag,
      Occurrence at,
      ReplayedFacts facts,
      Optional<RetentionPolicy> policy) {
    Optional<RetentionPolicy.Rules> rules = policy.flatMap(each -> each.of(repository));
    TagFacts found = facts.find(tag).orElseThrow();
    Optional<Evaluation.Ranked> ranked =
        rules.map(each -> new Evaluation(each, facts, at.at()).rank(found));
    return new Explanation(
        repository,
        tag,
        found.digest(),
        at,
        Optional.of(found.put()),
        found.pulled(),
        policy.filter(_ -> rules.isPresent()).map(RetentionPolicy::digest),
        ranked.map(Evaluation.Ranked::verdict),
        ranked.flatMap(Evaluation.Ranked::pushed),
        ranked.flatMap(Evaluation.Ranked::pulled),
        Optional.empty());
  }

  private Explanation gone(
      Handle handle, RepositoryName repository, Tag tag, Occurrence at, Fate.Removed removed) {
    Optional<Event.RetentionEvaluated> evaluated =
        removed
            .evaluation()
            .map(
                position ->
                    (Event.RetentionEvaluated)
                        reader.events(handle, position, 1).getFirst().event());
    if (evaluated.isEmpty()) {
      return new Explanation(
          repository,
          tag,
          removed.digest(),
          at,
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.of(removed));
    }
    Event.RetentionEvaluated then = evaluated.get();
    Occurrence input = new Occurrence(then.inputPosition(), then.evaluatedAt());
    Explanation decided =
        present(
            repository,
            tag,
            input,
            new ReplayedFacts(handle, reader, repository, input.position()),
            Optional.of(RetentionView.policy(handle, then.policy())));
    return new Explanation(
        repository,
        tag,
        removed.digest(),
        input,
        decided.put(),
        decided.pulled(),
        Optional.of(then.policy()),
        decided.verdict(),
        decided.pushedRank(),
        decided.pulledRank(),
        Optional.of(removed));
  }

  /** At most {@code limit} evaluations on record from a position on, in order. */
  public List<RecordedEvent> evaluations(long from, int limit) {
    return archive.read(
        handle ->
            reader.events(handle, from, Event.RetentionEvaluated.class.getSimpleName(), limit));
  }

  /** Makes a decision on record again. */
  public Recheck recheck(RecordedEvent recorded) {
    Event.RetentionEvaluated evaluated = (Event.RetentionEvaluated) recorded.event();
    return new Recheck(recorded.position(), evaluated, problem(evaluated));
  }

  private Optional<String> problem(Event.RetentionEvaluated evaluated) {
    try {
      Digest again = decideAgain(evaluated);
      if (!again.equals(evaluated.decisions())) {
        return Optional.of("decided again, the result is " + again);
      }
      // The evidence must be there, too, and whole.
      decisions(evaluated.decisions(), _ -> {});
      return Optional.empty();
    } catch (IllegalStateException e) {
      return Optional.of(e.getMessage());
    }
  }

  /**
   * Decides again what is on record, from the recorded policy, position and time; returns the
   * digest of the decisions, which is the recorded one unless something was tampered with.
   *
   * @throws IllegalStateException if the policy's document is missing or was changed
   */
  Digest decideAgain(Event.RetentionEvaluated evaluated) {
    RetentionPolicy policy = policy(evaluated.policy());
    if (policy.of(evaluated.repository()).isEmpty()) {
      throw new IllegalStateException(
          "policy %s says nothing about %s".formatted(evaluated.policy(), evaluated.repository()));
    }
    DecisionDocument document = new DecisionDocument(_ -> {});
    preview(
        policy,
        evaluated.repository(),
        new Occurrence(evaluated.inputPosition(), evaluated.evaluatedAt()),
        document::add);
    return document.finish();
  }

  /**
   * The decisions on record, in the byte order of the tags.
   *
   * @param document as the evaluation's event names it
   * @throws IllegalStateException if a document is missing or was changed
   */
  public void decisions(Digest document, Consumer<TagDecision> consumer) {
    for (Digest page : DecisionDocument.pages(document(document))) {
      DecisionDocument.decisions(document(page)).forEach(consumer);
    }
  }

  private byte[] document(Digest digest) {
    return archive
        .read(handle -> RecordDocuments.find(handle, digest))
        .orElseThrow(() -> new IllegalStateException("the document " + digest + " is missing"))
        .bytes();
  }
}
