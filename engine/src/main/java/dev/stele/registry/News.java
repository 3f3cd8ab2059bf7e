package dev.stele.registry;

import java.util.List;

/**
 * What is new to somebody who follows the log.
 *
 * @param events that were asked for, in order
 * @param through the position up to which all that was asked for is among them: what to go on after
 */
public record News(List<EventEntry> events, long through) {
  public News {
    events = List.copyOf(events);
  }
}
