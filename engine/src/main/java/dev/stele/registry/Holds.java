package dev.stele.registry;

import dev.stele.projection.Hold;
import dev.stele.projection.HoldView;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/**
 * Holds: what nobody may remove, neither clients nor retention nor the collector, until the hold is
 * released by an event of its own. They outrank every rule. Thread-safe.
 */
public final class Holds {
  private final Jdbi jdbi;
  private final Actors actors;
  private final Commands commands;

  Holds(Jdbi jdbi, Actors actors, Commands commands) {
    this.jdbi = jdbi;
    this.actors = actors;
    this.commands = commands;
  }

  /**
   * Places a hold. It may cover what is not there yet, too. A tag is held with what it points to at
   * any time; so with {@code freeze} unset it may still move away from that.
   *
   * @return whether it was new; false if the same hold had been placed before
   */
  public Outcome<Boolean> place(Caller caller, NewHold hold) {
    return commands.append(new PlaceHold(actors.id(caller.actor()), caller.requestId(), hold));
  }

  /**
   * Releases a hold. What only it kept has a whole grace period from then.
   *
   * @param reason see {@link NewHold#checkReason}
   * @return whether that changed something; false if it had been released before
   * @throws IllegalArgumentException if the reason is none
   */
  public Outcome<Boolean> release(Caller caller, UUID id, String reason) {
    NewHold.checkReason(reason);
    return commands.append(
        new ReleaseHold(actors.id(caller.actor()), caller.requestId(), id, reason));
  }

  /** A hold by its id, active or not. */
  public Outcome<Hold> find(UUID id) {
    return Availability.read(jdbi, handle -> HoldView.find(handle, id))
        .map(Outcome::ok)
        .orElseGet(() -> Outcome.refused(new Refusal.UnknownHold(id)));
  }

  /**
   * At most {@code limit} holds, newest first.
   *
   * @param released whether also those that were released
   * @param before only those that were placed before this position
   */
  public Page<Hold> list(boolean released, Optional<Long> before, int limit) {
    return Page.of(
        Availability.read(
            jdbi,
            handle -> HoldView.list(handle, released, before.orElse(Long.MAX_VALUE), limit + 1)),
        limit);
  }
}
