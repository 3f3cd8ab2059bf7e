package dev.stele.projection;

import dev.stele.event.RecordedEvent;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * A view computed from the log. Applying the same events to empty tables must always give the same
 * rows: an implementation reads the events, its own tables and the immutable manifest documents,
 * and nothing else (no clock, no randomness, no other view).
 */
public interface Projection {
  /** A short name, for people. */
  String name();

  /** The tables that hold the view, without a schema; SQL names them the same way. */
  List<String> tables();

  /**
   * How many events it takes at once: it is given those from a multiple of this on, and a multiple
   * of it; what is left of the log waits. A divisor of 1024.
   */
  default int unit() {
    return 1;
  }

  /** Applies events in the order of their positions, within the handle's transaction. */
  void apply(Handle transaction, List<RecordedEvent> events);
}
