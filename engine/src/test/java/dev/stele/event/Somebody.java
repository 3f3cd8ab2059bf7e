package dev.stele.event;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/** Initiators of events, of whom nothing more is known. */
public final class Somebody {
  private Somebody() {}

  /** One of many. */
  public static Initiator numbered(long number) {
    return new Initiator(new Commitment("%032x%032x".formatted(number, 0)), Optional.empty(), "r");
  }

  /** Another than any before. */
  public static Initiator random() {
    return new Initiator(Opening.of(Identity.user("somebody")).commitment(), Optional.empty(), "r");
  }

  /** An event that is the first of its repository. */
  public static RecordedEvent did(
      Initiator by, Event event, Cause cause, long position, Instant at, UUID command) {
    return new RecordedEvent(position, OptionalLong.empty(), at, at, by, cause, command, event);
  }
}
