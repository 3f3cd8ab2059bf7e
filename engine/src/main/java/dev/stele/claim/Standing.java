package dev.stele.claim;

import java.util.Optional;

/** How a store stands to this log. */
public sealed interface Standing {
  /**
   * It is this log's.
   *
   * @param text the marker as the store has it
   */
  record Owned(String text, StoreMarker marker) implements Standing {}

  /** It is empty, and nobody has claimed it. */
  record Fresh() implements Standing {}

  /**
   * It is not this log's, or it knows of more than this log does.
   *
   * @param text the marker as the store has it; absent if it has none
   * @param reason for people, with what to do
   */
  record Refused(Optional<String> text, Optional<StoreMarker> marker, String reason)
      implements Standing {}
}
