package dev.stele.registry;

import dev.stele.claim.StoreClaims;
import dev.stele.event.Initiator;
import dev.stele.log.AppendLane;
import dev.stele.log.Command;
import java.io.IOException;
import java.util.UUID;

/**
 * The way to the append lane, for stores that are this log's. Whoever has this can append any
 * event, so no accessor of a {@link Registry} leads here. Thread-safe.
 */
public final class Commands {
  private final AppendLane lane;
  private final StoreClaims claims;
  private final Actors actors;

  Commands(AppendLane lane, StoreClaims claims, Actors actors) {
    this.lane = lane;
    this.claims = claims;
    this.actors = actors;
  }

  /**
   * Has a command decided in the lane and what follows appended; returns when that is durable.
   *
   * @throws RegistryUnavailableException if the lane or the database is away, or a store is not
   *     this log's
   */
  public <R> R append(Command<R> command) {
    requireOwnStores();
    return Availability.guard(() -> lane.submit(command));
  }

  /** The same for somebody, who may have given a reason. */
  public <R> R append(Caller caller, Command<R> command) {
    return append(command.because(caller.reason()));
  }

  /** How events name whoever asks, who becomes known with this call if need be. */
  public Initiator initiator(Caller caller) {
    return actors.initiator(caller);
  }

  /** How events name a part of the registry that acts by itself, under a request id of its own. */
  public Initiator system(String name) {
    return actors.system(name, UUID.randomUUID().toString());
  }

  /** See {@link OwnStores#claim}. */
  void requireOwnStores() {
    try {
      Availability.<IOException>run(claims::require);
    } catch (IOException e) {
      throw new RegistryUnavailableException(e.getMessage(), e);
    }
  }
}
