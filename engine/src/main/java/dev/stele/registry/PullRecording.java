package dev.stele.registry;

/** How the log learns of pulls of manifests; those of blobs are always counted for a minute. */
public enum PullRecording {
  /**
   * Counted in memory and recorded once a minute, so that a crash loses the counts of a minute at
   * most. A pull never waits.
   */
  MINUTE,
  /** Each recorded before it is answered; while the database is away there are no pulls. */
  EVERY,
  /** Not at all. */
  OFF
}
