package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.sql.Pipeline;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** The access policy that was adopted last. */
public final class AccessView implements InlineView {
  @Override
  public String name() {
    return "access";
  }

  @Override
  public List<String> tables() {
    return List.of("access_policy");
  }

  @Override
  public void apply(Pipeline transaction, List<RecordedEvent> events) {
    for (RecordedEvent recorded : events) {
      if (recorded.event() instanceof Event.AccessPolicyAdopted adopted) {
        transaction
            .handle()
            .createUpdate(
                """
                INSERT INTO access_policy (policy, adopted_position, adopted_at)
                VALUES (:policy, :position, :at)
                ON CONFLICT (only_row) DO UPDATE
                  SET policy = excluded.policy, adopted_position = excluded.adopted_position,
                      adopted_at = excluded.adopted_at
                """)
            .bind("policy", adopted.policy())
            .bind("position", recorded.position())
            .bind("at", recorded.recordedAt())
            .execute();
      }
    }
  }

  /** The digest of the policy that was adopted last; empty if none ever was. */
  public static Optional<Digest> adopted(Handle handle) {
    return handle
        .createQuery("SELECT policy FROM access_policy WHERE only_row")
        .mapTo(Digest.class)
        .findOne();
  }
}
