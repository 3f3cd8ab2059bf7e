package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import java.util.List;
import java.util.Optional;
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

  /**
   * Whether an event may change more of the view than one transaction should. Whoever keeps the
   * view up then applies it in {@linkplain #applyPart parts}.
   */
  default boolean isWide(Event event) {
    return false;
  }

  /**
   * Applies the next part of a {@linkplain #isWide wide} event. What parts there are follows from
   * the event and the view's own rows, so a replay gives the same rows after each of them.
   *
   * @param done what the last part returned; empty for the first
   * @return how far the event is applied; empty if there is nothing left to do
   */
  default Optional<String> applyPart(
      Handle transaction, RecordedEvent event, Optional<String> done) {
    apply(transaction, List.of(event));
    return Optional.empty();
  }
}
