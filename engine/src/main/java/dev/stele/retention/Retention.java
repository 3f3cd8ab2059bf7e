package dev.stele.retention;

import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.Initiator;
import dev.stele.log.LogReader;
import dev.stele.log.Outage;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.RetentionPolicy;
import dev.stele.projection.RecordDocuments;
import dev.stele.projection.RepositoryView;
import dev.stele.projection.RetentionView;
import dev.stele.registry.Commands;
import dev.stele.registry.Health;
import dev.stele.registry.RegistryUnavailableException;
import dev.stele.sql.Values;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps repositories to the retention policy in force. Without one, nothing is ever removed.
 *
 * <p>A run evaluates each repository in a snapshot of its own, keeps the decisions as documents,
 * records the evaluation, and then removes tags in small batches, each tag decided again in the
 * lane: what was put since the snapshot stays. What is left when a run is cut short is found by the
 * next one. An evaluation is recorded if it removes something; one of a dry run, if it differs from
 * the last on record and either removes something. So repositories where nothing happens add
 * nothing to the log.
 *
 * <p>Thread-safe; two runs at once do no harm but double work.
 */
public final class Retention {
  /** Who adopts policies and removes tags, for the record. */
  public static final String ACTOR = "stele:retention";

  private static final Logger logger = LoggerFactory.getLogger(Retention.class);
  private static final int REPOSITORIES_A_PAGE = 1000;

  /**
   * What a run did.
   *
   * @param evaluated how many repositories
   * @param kept how many tags the policy keeps in them
   * @param expired how many tags it does not
   * @param removed how many of those were removed; none in a dry run
   * @param failed how many repositories could not be dealt with; the log of the node says why
   */
  public record Summary(long evaluated, long kept, long expired, long removed, long failed) {
    private static final Summary NOTHING = new Summary(0, 0, 0, 0, 0);

    private Summary plus(Summary other) {
      return new Summary(
          evaluated + other.evaluated,
          kept + other.kept,
          expired + other.expired,
          removed + other.removed,
          failed + other.failed);
    }
  }

  /** A policy, and the digest that the log has of it. */
  private record InForce(Digest digest, RetentionPolicy policy) {}

  /** An evaluation, and whether it is to be carried out. */
  private record Evaluated(Evaluation.Counts counts, Optional<Event.RetentionEvaluated> toRecord) {}

  private final Jdbi jdbi;
  private final Health health;
  private final Commands commands;
  private final LogReader reader = new LogReader(new EventCodec());
  private final BooleanSupplier closed;

  /**
   * Retention for a registry.
   *
   * @param jdbi the registry's pool
   * @param closed whether a run is to end after the batch that it is at, and another to do nothing
   */
  public Retention(Jdbi jdbi, Health health, Commands commands, BooleanSupplier closed) {
    this.jdbi = jdbi;
    this.health = health;
    this.commands = commands;
    this.closed = closed;
  }

  /**
   * Puts a policy in force; returns whether it was not so already.
   *
   * @throws RegistryUnavailableException if the database is away; nothing changed
   * @throws JdbiException likewise, if what is in force cannot be read
   */
  public boolean adopt(RetentionPolicy policy) {
    AdoptPolicy adopt = new AdoptPolicy(initiator(), policy);
    // Most starts change nothing: the lane need not hear of those. It decides again about the
    // others.
    boolean adopted =
        !jdbi.withHandle(adopt::isInForce) && commands.append(adopt.because(policy.reason()));
    if (adopted) {
      logger.info(
          "retention policy {} is in force{}",
          policy.digest(),
          policy.dryRun() ? ", as a dry run" : "");
    }
    return adopted;
  }

  /** The policy in force. */
  public RetentionPolicy inForce() {
    return jdbi.withHandle(handle -> inForce(handle).map(InForce::policy))
        .orElse(RetentionPolicy.NONE);
  }

  private static Optional<InForce> inForce(Handle handle) {
    return RetentionView.inForce(handle)
        .map(digest -> new InForce(digest, RetentionView.policy(handle, digest)));
  }

  /**
   * What rules would decide about a repository now. Records nothing and changes nothing.
   *
   * @param consumer gets each decision, in the byte order of the tags
   */
  public void preview(
      RetentionPolicy.Rules rules, RepositoryName repository, Consumer<TagDecision> consumer) {
    snapshot(
        handle -> {
          new Evaluation(rules, new LiveFacts(handle, reader, repository), now(handle))
              .decide(consumer);
          return null;
        });
  }

  /** It locks nothing, so nobody minds if it is idle while much is thought about or printed. */
  private <T> T snapshot(HandleCallback<T, RuntimeException> work) {
    return jdbi.inTransaction(
        TransactionIsolationLevel.REPEATABLE_READ,
        handle -> {
          handle.execute("SET LOCAL idle_in_transaction_session_timeout = '10min'");
          return work.withHandle(handle);
        });
  }

  private byte[] document(Digest digest) {
    return jdbi.withHandle(handle -> RecordDocuments.find(handle, digest))
        .orElseThrow(() -> new IllegalStateException("the document " + digest + " is missing"))
        .bytes();
  }

  /**
   * Evaluates every repository under the policy in force, once, and removes what it does not keep.
   * Ends after the batch that it is at when the engine is closed. Throws what says so if the
   * database is away; the next run goes on from what is done.
   *
   * @throws RegistryUnavailableException also while the clock is in doubt: ages mean nothing then
   */
  public Summary run() {
    Optional<String> doubt = health.clockDoubt();
    if (doubt.isPresent()) {
      throw new RegistryUnavailableException("nothing is removed: " + doubt.get());
    }
    return run(Retention::now);
  }

  /** A clock that a snapshot of the database tells. */
  @FunctionalInterface
  interface SnapshotClock {
    Instant now(Handle handle);
  }

  Summary run(SnapshotClock clock) {
    Optional<InForce> inForce = jdbi.withHandle(Retention::inForce);
    Summary summary = Summary.NOTHING;
    if (inForce.isEmpty() || inForce.get().policy().policies().isEmpty()) {
      return summary;
    }
    Optional<String> after = Optional.empty();
    while (true) {
      Optional<String> from = after;
      List<RepositoryName> page =
          jdbi.withHandle(handle -> RepositoryView.list(handle, from, REPOSITORIES_A_PAGE));
      for (RepositoryName repository : page) {
        if (closed.getAsBoolean()) {
          return summary;
        }
        summary = summary.plus(attempt(repository, inForce.get(), clock));
      }
      if (page.size() < REPOSITORIES_A_PAGE) {
        return summary;
      }
      after = Optional.of(page.getLast().value());
    }
  }

  /** One repository that cannot be dealt with must not keep the others from it. */
  private Summary attempt(RepositoryName repository, InForce inForce, SnapshotClock clock) {
    Optional<RetentionPolicy.Rules> rules =
        inForce.policy().of(repository).filter(r -> !r.keepTags().isEmpty());
    if (rules.isEmpty()) {
      return Summary.NOTHING;
    }
    try {
      return run(repository, rules.get(), inForce, clock);
    } catch (RuntimeException e) {
      if (e instanceof RegistryUnavailableException || Outage.of(e).isPresent()) {
        throw e;
      }
      logger.error("the retention of {} failed", repository, e);
      return new Summary(0, 0, 0, 0, 1);
    }
  }

  private Summary run(
      RepositoryName repository,
      RetentionPolicy.Rules rules,
      InForce inForce,
      SnapshotClock clock) {
    Evaluated evaluated = snapshot(handle -> evaluate(handle, repository, rules, inForce, clock));
    long removed =
        evaluated.toRecord().map(each -> apply(each, clock, inForce.policy().reason())).orElse(0L);
    Evaluation.Counts counts = evaluated.counts();
    return new Summary(1, counts.kept(), counts.removed(), removed, 0);
  }

  private Evaluated evaluate(
      Handle snapshot,
      RepositoryName repository,
      RetentionPolicy.Rules rules,
      InForce inForce,
      SnapshotClock clock) {
    boolean dryRun = inForce.policy().dryRun();
    Instant at = EventCodec.truncate(clock.now(snapshot));
    LiveFacts facts = new LiveFacts(snapshot, reader, repository);
    Evaluation evaluation = new Evaluation(rules, facts, at);
    Evaluation.Counts counts = evaluation.count();
    Optional<RetentionView.Evaluated> lastDryRun =
        RetentionView.last(snapshot, repository)
            .filter(last -> dryRun && last.dryRun() && last.policy().equals(inForce.digest()));
    if (counts.removed() == 0 && lastDryRun.map(RetentionView.Evaluated::removed).orElse(0L) == 0) {
      return new Evaluated(counts, Optional.empty());
    }
    DecisionDocument document = new DecisionDocument(this::keep);
    evaluation.decide(document::add);
    Digest decisions = document.finish();
    if (lastDryRun.map(RetentionView.Evaluated::decisions).equals(Optional.of(decisions))) {
      return new Evaluated(counts, Optional.empty());
    }
    return new Evaluated(
        counts,
        Optional.of(
            new Event.RetentionEvaluated(
                repository,
                inForce.digest(),
                facts.position(),
                at,
                counts.kept(),
                counts.removed(),
                decisions,
                dryRun)));
  }

  /** Outside the snapshot, and before the event that names it: the lane is for short work only. */
  private void keep(RecordDocuments.Document document) {
    jdbi.useHandle(handle -> RecordDocuments.add(handle, document));
  }

  /** Records an evaluation and removes what it decided, page by page of its decisions. */
  private long apply(
      Event.RetentionEvaluated evaluated, SnapshotClock clock, Optional<String> reason) {
    OptionalLong evaluation =
        commands.append(new RecordEvaluation(initiator(), evaluated, clock).because(reason));
    if (evaluation.isEmpty() || evaluated.dryRun()) {
      return 0;
    }
    long removed = 0;
    for (Digest page : DecisionDocument.pages(document(evaluated.decisions()))) {
      List<TagDecision> removals =
          DecisionDocument.decisions(document(page)).stream()
              .filter(decision -> !decision.verdict().keeps())
              .toList();
      for (List<TagDecision> batch : batches(removals)) {
        if (closed.getAsBoolean()) {
          return removed;
        }
        OptionalInt batchRemoved =
            commands.append(removal(evaluated, evaluation.getAsLong(), batch).because(reason));
        if (batchRemoved.isEmpty()) {
          return removed;
        }
        removed += batchRemoved.getAsInt();
      }
    }
    if (removed > 0) {
      logger.info(
          "retention removed {} tags of {}, as evaluated at position {} by policy {}",
          removed,
          evaluated.repository(),
          evaluation.getAsLong(),
          evaluated.policy());
    }
    return removed;
  }

  private RemoveTags removal(
      Event.RetentionEvaluated evaluated, long evaluation, List<TagDecision> batch) {
    return new RemoveTags(
        initiator(),
        evaluated.repository(),
        evaluated.policy(),
        evaluation,
        evaluated.inputPosition(),
        batch);
  }

  private static List<List<TagDecision>> batches(List<TagDecision> removals) {
    List<List<TagDecision>> batches = new ArrayList<>();
    for (int from = 0; from < removals.size(); from += RemoveTags.MOST) {
      batches.add(removals.subList(from, Math.min(from + RemoveTags.MOST, removals.size())));
    }
    return batches;
  }

  /** The time of the log, which is the database's clock, never before the last event. */
  static Instant now(Handle handle) {
    return handle
        .createQuery("SELECT greatest(recorded_at, clock_timestamp()) AS now FROM log_head")
        .map((row, _) -> Values.time(row, "now"))
        .one();
  }

  private Initiator initiator() {
    return commands.system(ACTOR);
  }
}
