package dev.stele.registry;

import dev.stele.event.ActorId;
import dev.stele.event.Commitment;
import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.projection.Approval;
import dev.stele.projection.ApprovalView;
import org.jdbi.v3.core.Handle;

/**
 * Records that somebody is forgotten and gives up what their events commit to, unless they are
 * already.
 */
record ForgetActor(Initiator initiator, Commitment actor) implements Command<ForgetActor.Result> {
  /** What became of it. */
  enum Result {
    /** They are forgotten, now or before. */
    DONE,
    /** It would be whoever asks: then nobody could say who forgot them. */
    SELF,
    /** They placed holds that are in force, which another may have to release. */
    HOLDS,
    /** They approved of what is not done yet: as somebody else they could do so again. */
    APPROVALS
  }

  @Override
  public Result decide(Decision decision) {
    if (initiator.identity().equals(actor)) {
      return Result.SELF;
    }
    ActorId id = ActorId.of(actor);
    Handle handle = decision.handle();
    if (!is(handle, "SELECT FROM actor WHERE id = :id AND opening IS NOT NULL", id)) {
      return Result.DONE;
    }
    if (is(handle, "SELECT FROM hold WHERE placed_by = :id AND released_position IS NULL", id)) {
      return Result.HOLDS;
    }
    if (ApprovalView.anyOf(handle, id, decision.now().minus(Approval.LASTS))) {
      return Result.APPROVALS;
    }
    long position = decision.append(new Event.ActorForgotten(actor));
    decision
        .handle()
        .createUpdate(
            "UPDATE actor SET opening = NULL, name = NULL, forgotten_position = :position WHERE id"
                + " = :id")
        .bind("position", position)
        .bind("id", id.value())
        .execute();
    return Result.DONE;
  }

  private static boolean is(Handle handle, String query, ActorId id) {
    return handle
        .createQuery("SELECT EXISTS (%s)".formatted(query))
        .bind("id", id.value())
        .mapTo(Boolean.class)
        .one();
  }
}
