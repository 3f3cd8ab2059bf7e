package dev.stele.log;

/**
 * A moment and what it means in the log.
 *
 * @param moment as it was asked for
 * @param position of the last event that had happened by then; -1 if none had
 */
public record AsOf(Moment moment, long position) {
  /** For people. */
  @Override
  public String toString() {
    return switch (moment) {
      case Moment.AtPosition(long asked) ->
          asked < 0 ? "the start of the log, before any event" : "position " + asked;
      case Moment.AtInstant(var instant) ->
          instant + (position < 0 ? " (before any event)" : " (position " + position + ")");
    };
  }
}
