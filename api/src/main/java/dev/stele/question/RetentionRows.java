package dev.stele.question;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.event.Event;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.registry.EventEntry;
import dev.stele.retention.Difference;
import dev.stele.retention.Fate;
import dev.stele.retention.Occurrence;
import dev.stele.retention.Recheck;
import dev.stele.retention.TagDecision;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What answers about retention have in their rows. */
public final class RetentionRows {
  private RetentionRows() {}

  /**
   * What something follows from.
   *
   * @param position of the last event that it follows from; -1 if there was none
   */
  public record Input(String time, long position) {
    static Input of(Occurrence moment) {
      return new Input(moment.at().toString(), moment.position() - 1);
    }
  }

  /** An event, and its time. */
  public record When(String at, long position) {
    static When of(Occurrence moment) {
      return new When(moment.at().toString(), moment.position());
    }
  }

  /**
   * What a policy decides about a tag.
   *
   * @param put the position of the event by which it was last put
   * @param pulled likewise, where it was pulled
   */
  public record Decided(
      RepositoryName repository,
      Tag tag,
      Digest digest,
      boolean keeps,
      String reason,
      long put,
      Optional<Long> pulled) {
    /** A column a field. */
    public static final Columns<Decided> COLUMNS = Columns.fields(Decided.class);

    /** The row of a decision. */
    public static Decided of(RepositoryName repository, TagDecision decision) {
      return new Decided(
          repository,
          decision.tag(),
          decision.digest(),
          decision.verdict().keeps(),
          decision.verdict().reason(),
          decision.put(),
          decision.pulled());
    }
  }

  /**
   * What became of a tag.
   *
   * @param at when it went or would have gone
   * @param evaluation the event of the evaluation that took it, if that is on record
   * @param evaluatedAt the time that this one counted back from
   */
  public record Outcome(
      boolean kept,
      Optional<String> at,
      Optional<String> why,
      Optional<Long> evaluation,
      Optional<String> evaluatedAt) {
    private String word() {
      return kept ? "kept" : "removed";
    }

    static Outcome of(Fate fate) {
      return switch (fate) {
        case Fate.Kept _ ->
            new Outcome(
                true, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
        case Fate.Removed removed ->
            new Outcome(
                false,
                Optional.of(removed.gone().at().toString()),
                Optional.of(removed.why()),
                removed.evaluation(),
                evaluationTime(removed));
      };
    }
  }

  /** The time of the evaluation on record that took a tag. */
  static Optional<String> evaluationTime(Fate.Removed removed) {
    return removed.evaluation().map(_ -> removed.at().at().toString());
  }

  /** What became of a tag, and what would have under another policy. */
  public record Compared(
      RepositoryName repository,
      Tag tag,
      Digest digest,
      String difference,
      Outcome inFact,
      Outcome underPolicy) {
    /** A column a field. */
    public static final Columns<Compared> COLUMNS = Columns.fields(Compared.class);

    /** What people see. */
    public static final Columns<Compared> TABLE =
        Columns.over(Compared.class)
            .with("repository", Compared::repository)
            .with("tag", Compared::tag)
            .with("digest", Compared::digest)
            .with("difference", Compared::difference)
            .with("inFact", row -> row.inFact().word())
            .with("inFactAt", row -> row.inFact().at())
            .with("inFactWhy", row -> row.inFact().why())
            .with("underPolicy", row -> row.underPolicy().word())
            .with("underPolicyAt", row -> row.underPolicy().at())
            .with("underPolicyWhy", row -> row.underPolicy().why());

    /** The row of a difference. */
    public static Compared of(Difference difference) {
      return new Compared(
          difference.repository(),
          difference.tag(),
          difference.recorded().digest(),
          difference.kind().name().toLowerCase(Locale.ROOT),
          Outcome.of(difference.recorded()),
          Outcome.of(difference.replayed()));
    }
  }

  /**
   * An evaluation on record.
   *
   * @param inputPosition as in the event: the decisions follow from the events below it
   * @param reason why the policy was adopted, if whoever did said so
   */
  public record Evaluation(
      long position,
      String recordedAt,
      RepositoryName repository,
      long kept,
      long removed,
      boolean dryRun,
      Digest policy,
      long inputPosition,
      String evaluatedAt,
      Digest decisions,
      Optional<String> reason) {
    static final Set<String> TYPES = Set.of(Event.RetentionEvaluated.class.getSimpleName());

    static Evaluation of(EventEntry event) {
      JsonNode data = event.data();
      return new Evaluation(
          event.position(),
          event.recordedAt().toString(),
          RepositoryName.parse(event.repository().orElseThrow()),
          Long.parseLong(data.get("kept").asText()),
          Long.parseLong(data.get("removed").asText()),
          data.get("dryRun").asBoolean(),
          Digest.parse(data.get("policy").asText()),
          Long.parseLong(data.get("inputPosition").asText()),
          Instant.parse(data.get("evaluatedAt").asText()).toString(),
          Digest.parse(data.get("decisions").asText()),
          CauseRow.of(event.cause()).reason());
    }
  }

  /**
   * A decision on record, made again.
   *
   * @param decisions the digest of the recorded result
   * @param problem why the result is not the recorded one, or could not be had
   */
  public record Rechecked(
      long position,
      RepositoryName repository,
      Digest policy,
      Digest decisions,
      boolean equal,
      Optional<String> problem) {
    static Rechecked of(Recheck check) {
      Event.RetentionEvaluated evaluated = check.evaluated();
      return new Rechecked(
          check.position(),
          evaluated.repository(),
          evaluated.policy(),
          evaluated.decisions(),
          check.problem().isEmpty(),
          check.problem());
    }
  }

  /**
   * How a tag went.
   *
   * @param at when the event says so
   * @param evaluation the event of the evaluation that took it
   * @param evaluatedAt the time that this one counted back from
   * @param position of the event that says so
   * @param actor who removed it; empty if that person was forgotten
   * @param why in words
   * @param reason what that person said
   */
  public record Removal(
      String at,
      String why,
      Optional<Long> evaluation,
      Optional<String> evaluatedAt,
      Optional<Long> position,
      Optional<String> actor,
      Optional<String> reason) {}

  /**
   * Why a tag stays, goes or went.
   *
   * @param there whether it is there
   * @param at what the decision follows from
   * @param hold the one that outranks the rules
   * @param put when it was last put
   * @param pulled when it, or what it points to, was last pulled
   * @param pushedRank its place among the tags of its entry, last put first
   * @param pulledRank likewise, last pulled first
   */
  public record Explained(
      RepositoryName repository,
      Tag tag,
      Digest digest,
      boolean there,
      Input at,
      Optional<Boolean> keeps,
      Optional<String> reason,
      Optional<HoldRow> hold,
      Optional<Digest> policy,
      Optional<When> put,
      Optional<Integer> pushedRank,
      Optional<When> pulled,
      Optional<Integer> pulledRank,
      Optional<Removal> removed) {
    static final Columns<Explained> COLUMNS =
        Columns.fields(Explained.class, Set.of("hold.coversNothing", "hold.placed.reason"));
  }
}
