package dev.stele.log;

import dev.stele.event.RecordedEvent;
import dev.stele.sql.Pipeline;
import java.util.List;

/**
 * The views that change in the transaction that appends, so that whoever writes can read what it
 * wrote.
 */
@FunctionalInterface
public interface InlineViews {
  /** Applies these events, in order, within the pipeline's transaction. */
  void apply(Pipeline transaction, List<RecordedEvent> events);
}
