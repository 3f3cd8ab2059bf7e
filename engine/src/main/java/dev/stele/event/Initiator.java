package dev.stele.event;

import java.util.Optional;

/**
 * Whoever caused an event, as its leaf has them. What the commitments stand for is kept beside the
 * log.
 *
 * @param identity commits to an {@link Identity}; the same in all that they do
 * @param origin commits to an {@link Origin}; absent if nothing is known of it
 * @param requestId of the client's request
 */
public record Initiator(Commitment identity, Optional<Commitment> origin, String requestId) {
  /** Who they are, as tables name them. */
  public ActorId actor() {
    return ActorId.of(identity);
  }
}
