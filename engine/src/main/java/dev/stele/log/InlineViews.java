package dev.stele.log;

import dev.stele.event.RecordedEvent;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * The views that change in the transaction that appends, so that whoever writes can read what it
 * wrote.
 */
@FunctionalInterface
public interface InlineViews {
  /** Applies these events, in order, within the handle's transaction. */
  void apply(Handle transaction, List<RecordedEvent> events);
}
