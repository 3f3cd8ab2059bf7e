package dev.stele.retention;

import dev.stele.oci.Digest;
import java.util.Optional;

/** What became of a tag by some moment. */
public sealed interface Fate {
  /** What it points to, or pointed to last. */
  Digest digest();

  /**
   * It was there.
   *
   * @param put when it was last put
   */
  record Kept(Digest digest, Occurrence put) implements Fate {}

  /**
   * It was gone.
   *
   * @param at as of when: for what retention removed, the time and the input of the evaluation that
   *     decided so
   * @param evaluation the position of the event of that evaluation, if it is on record
   * @param why in words
   * @param event the event that says so, and when it was recorded; absent if it did not happen
   */
  record Removed(
      Digest digest,
      Occurrence at,
      Optional<Long> evaluation,
      String why,
      Optional<Occurrence> event)
      implements Fate {
    /** When it went: by the record or, if it did not happen, as of when it would have. */
    public Occurrence gone() {
      return event.orElse(at);
    }
  }
}
