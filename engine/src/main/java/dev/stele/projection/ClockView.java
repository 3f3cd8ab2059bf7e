package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Where an operator confirmed the clock: times are monotone along positions from one to the next.
 */
final class ClockView implements Projection {
  @Override
  public String name() {
    return "clock";
  }

  @Override
  public List<String> tables() {
    return List.of("clock_confirmation");
  }

  @Override
  public void apply(Handle transaction, List<RecordedEvent> events) {
    for (RecordedEvent recorded : events) {
      switch (recorded.event()) {
        case Event.ClockConfirmed _ ->
            transaction
                .createUpdate(
                    "INSERT INTO clock_confirmation (position, confirmed_at) VALUES (:position,"
                        + " :at)")
                .bind("position", recorded.position())
                .bind("at", recorded.recordedAt())
                .execute();
        case Event.RepositoryEvent _,
            Event.BlobEvent _,
            Event.ManifestEvent _,
            Event.TagEvent _,
            Event.HoldEvent _,
            Event.RetentionEvent _,
            Event.BlobSwept _,
            Event.OrphanSwept _,
            Event.BlobRepaired _,
            Event.BlobCorruptionFound _,
            Event.BlobFoundIntact _,
            Event.PullEvent _,
            Event.StoreTakenOver _ -> {}
      }
    }
  }
}
