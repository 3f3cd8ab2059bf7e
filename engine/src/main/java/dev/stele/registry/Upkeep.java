package dev.stele.registry;

import dev.stele.log.LogReader;
import dev.stele.projection.Verification;
import org.jdbi.v3.core.Jdbi;

/**
 * What keeps the record in order: doing what is left to be done where no background work does, and
 * checking the views. Thread-safe but for what says otherwise.
 */
public final class Upkeep {
  private final Jdbi audit;
  private final LogReader reader;
  private final BuriedTags buriedTags;

  Upkeep(Jdbi audit, LogReader reader, BuriedTags buriedTags) {
    this.audit = audit;
    this.reader = reader;
    this.buriedTags = buriedTags;
  }

  /**
   * Records the next of the tags that were too many to be recorded with the deletion of their
   * manifest; returns whether there may be more. They are gone anyway. The node that leads does
   * this by itself; one without background work may do it here, in one thread.
   */
  public boolean recordBuriedTags() {
    return buriedTags.step();
  }

  /** Replays the log and compares the result with the live views. */
  public Verification.Report verifyProjections() {
    return Availability.guard(() -> new Verification(reader).run(audit));
  }
}
