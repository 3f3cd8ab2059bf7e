package dev.stele.registry;

import java.util.List;
import java.util.OptionalLong;

/**
 * A page of events. It may have fewer than were asked for, even none, although more follow: then
 * the work that one page may take was done.
 *
 * @param next the position from which {@linkplain EventQuery#from the next page} goes on; absent if
 *     nothing follows
 */
public record EventPage(List<EventEntry> events, OptionalLong next) {
  static final EventPage EMPTY = new EventPage(List.of(), OptionalLong.empty());

  public EventPage {
    events = List.copyOf(events);
  }
}
