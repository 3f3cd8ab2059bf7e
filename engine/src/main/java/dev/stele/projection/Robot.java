package dev.stele.projection;

import dev.stele.event.RobotName;
import dev.stele.oci.Digest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * An account of a program.
 *
 * @param keys those that count, and those that expired since it got its last one; the oldest first
 */
public record Robot(
    RobotName name, Optional<String> description, Hold.Act created, List<Key> keys) {
  public Robot {
    keys = List.copyOf(keys);
  }

  /**
   * A key, which is known by its hash alone.
   *
   * @param expires from then on it does not count
   */
  public record Key(String id, Digest hash, Hold.Act issued, Instant expires) {
    /** Whether it counts at a time. */
    public boolean countsAt(Instant time) {
      return time.isBefore(expires);
    }
  }
}
