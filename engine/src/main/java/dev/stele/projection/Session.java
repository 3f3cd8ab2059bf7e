package dev.stele.projection;

import dev.stele.event.Commitment;
import dev.stele.event.Identity;
import dev.stele.oci.Digest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A session of somebody who signed in, which is known by the hash of its token alone.
 *
 * @param user whose it is, as leaves have them
 * @param identity whose it is; empty if what is kept of them is not what the leaf has
 * @param groups in which they were when it began
 * @param position of the event by which it began
 * @param began when
 * @param expires from then on it does not count
 */
public record Session(
    String id,
    Digest hash,
    Commitment user,
    Optional<Identity> identity,
    List<String> groups,
    long position,
    Instant began,
    Instant expires) {
  public Session {
    groups = List.copyOf(groups);
  }

  /** Whether it counts at a time. */
  public boolean countsAt(Instant time) {
    return time.isBefore(expires);
  }
}
