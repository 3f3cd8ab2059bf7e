package dev.stele.registry;

import dev.stele.event.Approved;
import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.Identity;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.RepositoryGlob;
import dev.stele.projection.Approval;
import dev.stele.projection.ApprovalView;
import dev.stele.projection.Hold;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;

/**
 * What takes several persons. Each asks for the same, in their own name and within {@link
 * Approval#LASTS}, and whoever completes their number has it done: so nothing is approved of but by
 * asking for it. Thread-safe.
 */
public final class Approvals {
  private final Jdbi jdbi;
  private final Actors actors;
  private final Commands commands;

  Approvals(Jdbi jdbi, Actors actors, Commands commands) {
    this.jdbi = jdbi;
    this.actors = actors;
    this.commands = commands;
  }

  /** At most {@code limit} of what waits, that which was asked for last before a position first. */
  public Page<Approval> list(Optional<Long> before, int limit) {
    return Page.of(
        Availability.read(
            jdbi, handle -> ApprovalView.list(handle, before.orElse(Long.MAX_VALUE), limit + 1)),
        limit);
  }

  /**
   * Asks for a whole repository to be restored.
   *
   * @param subject as of when, and what else is asked for; the same of all who ask for the same
   * @param persons how many it takes
   * @return what is still waited for; empty if it may be done
   */
  public Outcome<Optional<Approval>> restore(
      Caller caller, RepositoryName repository, String subject, int persons) {
    return commands.append(
        caller,
        new Restoring(actors.initiator(caller), caller.identity(), repository, subject, persons));
  }

  /** It was done: doing so again takes as many persons again. */
  public void restored(Caller caller, RepositoryName repository, String subject) {
    boolean _ =
        commands.append(caller, new Restored(actors.initiator(caller), repository, subject));
  }

  private record Restoring(
      Initiator initiator, Identity by, RepositoryName repository, String subject, int persons)
      implements Command<Outcome<Optional<Approval>>> {
    @Override
    public Outcome<Optional<Approval>> decide(Decision decision) {
      Outcome<Approving.Asked> asked =
          new Approving(
                  by,
                  Approved.RESTORE_REPOSITORY,
                  subject,
                  Optional.of(repository),
                  Optional.empty(),
                  persons,
                  Optional.empty(),
                  Optional.empty())
              .decide(decision);
      return switch (asked) {
        case Outcome.Refused<Approving.Asked>(Refusal refusal) -> Outcome.refused(refusal);
        case Outcome.Ok<Approving.Asked>(Approving.Asked so) -> Outcome.ok(so.waiting());
      };
    }
  }

  /**
   * Takes the caller's approval back of what still waits for others.
   *
   * @param repositories as the approval has them: the one repository, or the glob
   * @return the position of the event that says so
   */
  public Outcome<Long> withdraw(
      Caller caller, Approved act, RepositoryGlob repositories, String subject) {
    return commands.append(
        caller,
        new Withdrawing(
            actors.initiator(caller),
            caller.identity(),
            act,
            repositories,
            subject,
            caller.reason()));
  }

  private record Withdrawing(
      Initiator initiator,
      Identity by,
      Approved act,
      RepositoryGlob repositories,
      String subject,
      Optional<String> reason)
      implements Command<Outcome<Long>> {
    @Override
    public Outcome<Long> decide(Decision decision) {
      Optional<Hold.Act> own =
          ApprovalView.find(
                  decision.handle(),
                  act,
                  repositories.toString(),
                  subject,
                  decision.now().minus(Approval.LASTS))
              .stream()
              .flatMap(waiting -> waiting.given().stream())
              .filter(given -> given.actor().filter(by.name()::equals).isPresent())
              .findFirst();
      if (own.isEmpty()) {
        return Outcome.refused(new Refusal.UnknownApproval(act, repositories, subject));
      }
      Optional<RepositoryName> one = repositories.only().map(RepositoryName::parse);
      return Outcome.ok(
          decision.append(
              new Event.ApprovalWithdrawn(
                  act,
                  subject,
                  one,
                  one.isPresent() ? Optional.empty() : Optional.of(repositories.toString()),
                  own.get().position()),
              Cause.CLIENT_REQUEST.because(reason)));
    }
  }

  private record Restored(Initiator initiator, RepositoryName repository, String subject)
      implements Command<Boolean> {
    @Override
    public Boolean decide(Decision decision) {
      long _ = decision.append(new Event.ApprovalsUsed(repository, subject));
      return true;
    }
  }
}
