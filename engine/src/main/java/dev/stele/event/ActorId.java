package dev.stele.event;

import java.util.UUID;

/**
 * Who acted, as tables name them: the first half of the {@link Commitment} in the leaf. The name is
 * kept apart (see {@link Opening}), so that a person can be forgotten.
 */
public record ActorId(UUID value) {
  /** The id that goes with a commitment to an identity. */
  public static ActorId of(Commitment identity) {
    return new ActorId(
        new UUID(
            Long.parseUnsignedLong(identity.hex(), 0, 16, 16),
            Long.parseUnsignedLong(identity.hex(), 16, 32, 16)));
  }
}
