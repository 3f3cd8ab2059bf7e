package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.sql.Pipeline;
import java.util.List;

/**
 * Where an operator confirmed the clock: times are monotone along positions from one to the next.
 */
final class ClockView implements InlineView {
  @Override
  public String name() {
    return "clock";
  }

  @Override
  public List<String> tables() {
    return List.of("clock_confirmation");
  }

  @Override
  public void apply(Pipeline transaction, List<RecordedEvent> events) {
    for (RecordedEvent recorded : events) {
      if (recorded.event() instanceof Event.ClockConfirmed) {
        transaction
            .handle()
            .createUpdate(
                "INSERT INTO clock_confirmation (position, confirmed_at) VALUES (:position, :at)")
            .bind("position", recorded.position())
            .bind("at", recorded.recordedAt())
            .execute();
      }
    }
  }
}
