package dev.stele.registry;

import dev.stele.event.Approved;
import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.Identity;
import dev.stele.event.Identity.Kind;
import dev.stele.log.Command;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.Approval;
import dev.stele.projection.ApprovalView;
import dev.stele.projection.Hold;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Asks for something that takes several persons. Each of them asks for the same, and whoever
 * completes their number has it done.
 *
 * @param by who asks
 * @param needed how many persons it takes
 * @param reason theirs, if the events do not get it otherwise
 * @param except whoever does not count, since it is theirs
 */
record Approving(
    Identity by,
    Approved act,
    String subject,
    Optional<RepositoryName> repository,
    Optional<String> repositories,
    int needed,
    Optional<String> reason,
    Optional<String> except) {
  /**
   * Who asked so far.
   *
   * @param approvals the positions of the events that say so; none where one person is enough
   * @param waiting what is still waited for; empty if nothing is
   */
  record Asked(List<Long> approvals, Optional<Approval> waiting) {}

  /** Behind any other there may be whoever asked already. */
  private static final Set<Kind> PERSONS = EnumSet.of(Kind.USER, Kind.CERTIFICATE);

  /**
   * Decides whether it may be done now. It is recorded that they asked, but for where one person is
   * enough, who then does it.
   *
   * @return who asked so far
   */
  Outcome<Asked> decide(Command.Decision decision) {
    if (!PERSONS.contains(by.kind())) {
      return Outcome.refused(new Refusal.NoPerson(by.name(), act));
    }
    if (except.filter(by.name()::equals).isPresent()) {
      return Outcome.refused(new Refusal.NotAnother(subject));
    }
    if (needed <= 1) {
      return Outcome.ok(new Asked(List.of(), Optional.empty()));
    }
    Instant now = decision.now();
    String place = repository.map(RepositoryName::value).or(() -> repositories).orElseThrow();
    List<Hold.Act> given = new ArrayList<>();
    ApprovalView.find(decision.handle(), act, place, subject, now.minus(Approval.LASTS))
        .ifPresent(before -> given.addAll(before.given()));
    // Who is not known any more may be anybody, also one of the others.
    given.removeIf(
        each -> each.actor().isEmpty() || each.actor().get().equals(Identity.ALTERED.name()));
    if (given.stream().noneMatch(each -> each.actor().get().equals(by.name()))) {
      long position =
          decision.append(
              new Event.ApprovalGiven(act, subject, repository, repositories, needed),
              Cause.CLIENT_REQUEST.because(reason));
      given.add(new Hold.Act(position, now, Optional.of(by.name())));
    }
    return Outcome.ok(
        new Asked(
            given.stream().map(Hold.Act::position).toList(),
            given.stream().map(Hold.Act::actor).distinct().count() >= needed
                ? Optional.empty()
                : Optional.of(new Approval(act, place, subject, needed, given))));
  }
}
