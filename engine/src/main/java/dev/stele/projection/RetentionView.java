package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.InvalidPolicyException;
import dev.stele.policy.PolicyDocument;
import dev.stele.policy.RetentionPolicy;
import dev.stele.sql.Pipeline;
import dev.stele.sql.Values;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** The retention policy in force, and the last evaluation that each repository has on record. */
public final class RetentionView implements InlineView {
  /**
   * An evaluation on record.
   *
   * @param position of its event
   */
  public record Evaluated(
      long position, Digest policy, Digest decisions, long kept, long removed, boolean dryRun) {}

  @Override
  public String name() {
    return "retention";
  }

  @Override
  public List<String> tables() {
    return List.of("retention_policy", "retention_evaluation");
  }

  @Override
  public void apply(Pipeline transaction, List<RecordedEvent> events) {
    for (RecordedEvent recorded : events) {
      switch (recorded.event()) {
        case Event.RetentionPolicyAdopted adopted ->
            transaction
                .handle()
                .createUpdate(
                    """
                    INSERT INTO retention_policy (policy, adopted_position, adopted_at)
                    VALUES (:policy, :position, :at)
                    ON CONFLICT (only_row) DO UPDATE
                      SET policy = excluded.policy, adopted_position = excluded.adopted_position,
                          adopted_at = excluded.adopted_at
                    """)
                .bind("policy", adopted.policy())
                .bind("position", recorded.position())
                .bind("at", recorded.recordedAt())
                .execute();
        case Event.RetentionEvaluated evaluated -> replace(transaction, recorded, evaluated);
        case Event.RepositoryRemoved removed ->
            transaction
                .handle()
                .createUpdate("DELETE FROM retention_evaluation WHERE repository = :repository")
                .bind("repository", removed.repository())
                .execute();
        case Event.BlobEvent _,
            Event.ObjectEvent _,
            Event.ManifestEvent _,
            Event.TagEvent _,
            Event.HoldEvent _,
            Event.RepositoryCreated _,
            Event.PullEvent _,
            Event.AccountEvent _,
            Event.OperatorEvent _ -> {}
      }
    }
  }

  private static void replace(
      Pipeline transaction, RecordedEvent recorded, Event.RetentionEvaluated evaluated) {
    transaction
        .handle()
        .createUpdate(
            """
            INSERT INTO retention_evaluation (repository, position, policy, decisions, kept, removed, dry_run)
            VALUES (:repository, :position, :policy, :decisions, :kept, :removed, :dryRun)
            ON CONFLICT (repository) DO UPDATE
              SET position = excluded.position, policy = excluded.policy, decisions = excluded.decisions,
                  kept = excluded.kept, removed = excluded.removed, dry_run = excluded.dry_run
            """)
        .bind("repository", evaluated.repository())
        .bind("position", recorded.position())
        .bind("policy", evaluated.policy())
        .bind("decisions", evaluated.decisions())
        .bind("kept", evaluated.kept())
        .bind("removed", evaluated.removed())
        .bind("dryRun", evaluated.dryRun())
        .execute();
  }

  /** The digest of the policy in force; empty if none was ever adopted. */
  public static Optional<Digest> inForce(Handle handle) {
    return handle
        .createQuery("SELECT policy FROM retention_policy WHERE only_row")
        .mapTo(Digest.class)
        .findOne();
  }

  /** The last evaluation of a repository that is on record. */
  public static Optional<Evaluated> last(Handle handle, RepositoryName repository) {
    return handle
        .createQuery(
            """
            SELECT position, policy, decisions, kept, removed, dry_run
            FROM retention_evaluation
            WHERE repository = :repository
            """)
        .bind("repository", repository)
        .map(
            (row, _) ->
                new Evaluated(
                    row.getLong("position"),
                    Values.digest(row, "policy"),
                    Values.digest(row, "decisions"),
                    row.getLong("kept"),
                    row.getLong("removed"),
                    row.getBoolean("dry_run")))
        .findOne();
  }

  /**
   * A policy that the record names.
   *
   * @throws IllegalStateException if its document is missing or cannot be read
   */
  public static RetentionPolicy policy(Handle handle, Digest digest) {
    RecordDocuments.Document document =
        RecordDocuments.find(handle, digest)
            .orElseThrow(
                () ->
                    new IllegalStateException("the document of policy " + digest + " is missing"));
    try {
      return PolicyDocument.read(document.bytes());
    } catch (InvalidPolicyException e) {
      throw new IllegalStateException("the recorded policy " + digest + " cannot be read", e);
    }
  }
}
