package dev.stele.server.audit;

import dev.stele.event.Event.AccessDenied.Reason;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.policy.HoldScope;
import dev.stele.policy.RepositoryGlob;
import dev.stele.projection.Approval;
import dev.stele.projection.Hold;
import dev.stele.question.Address;
import dev.stele.question.Answer;
import dev.stele.question.ApprovalRow;
import dev.stele.question.HoldRow;
import dev.stele.registry.Holds;
import dev.stele.registry.NewHold;
import dev.stele.registry.Outcome;
import dev.stele.registry.Refusal;
import dev.stele.registry.Registry;
import dev.stele.server.distribution.Refusals;
import dev.stele.server.http.Access;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.JsonBody;
import java.io.IOException;
import java.util.Optional;
import java.util.UUID;

/** {@code /api/v1/holds}: what nobody may remove, who said so, and why. */
final class Holding {
  private final Registry registry;
  private final Holds holds;
  private final AuditWork work;

  Holding(Registry registry, AuditWork work) {
    this.registry = registry;
    this.work = work;
    this.holds = registry.holds();
  }

  void place(Exchange exchange) throws IOException, InterruptedException {
    JsonBody body =
        JsonBody.read(exchange, "id", "repositories", "tag", "digest", "freeze", "reason");
    RepositoryGlob repositories =
        JsonBody.parse(
            "repositories",
            body.required("repositories", "a repository's name, or a glob such as team/**"),
            RepositoryGlob::parse);
    UUID id =
        body.text("id")
            .map(text -> JsonBody.parse("id", text, HoldRow::id))
            .orElseGet(UUID::randomUUID);
    Optional<Digest> digest =
        work.resolve(body.text("digest"), registry.archive(), exchange.access());
    NewHold hold;
    try {
      hold =
          new NewHold(
              id,
              new HoldScope(repositories, body.text("tag").map(Tag::parse), digest),
              body.truth("freeze"),
              body.required("reason", "why the hold is placed"));
    } catch (dev.stele.oci.InvalidNameException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw JsonBody.invalid(e.getMessage());
    }
    require(exchange, Action.HOLD, hold.scope());
    // A question to the record, which may be refused: so before anything is placed.
    boolean covers = work.run(() -> holds.covers(hold.scope()));
    boolean placed = Refusals.accepted(holds.place(exchange.caller(), hold));
    exchange.set("Location", exchange.address(Address.HOLDS + "/" + id));
    answer(exchange, placed ? 201 : 200, HoldRow.of(Refusals.accepted(holds.find(id)), covers));
  }

  void release(Exchange exchange, String id) throws IOException {
    UUID hold = HoldRow.existing(id);
    String reason = JsonBody.read(exchange, "reason").required("reason", "why the hold ends");
    try {
      NewHold.checkReason(reason);
    } catch (IllegalArgumentException e) {
      throw JsonBody.invalid(e.getMessage());
    }
    Optional<Hold> found =
        switch (holds.find(hold)) {
          case Outcome.Ok<Hold>(Hold there) -> Optional.of(there);
          case Outcome.Refused<Hold> _ -> Optional.empty();
        };
    Access access = exchange.access();
    Optional<RepositoryName> repository = found.flatMap(there -> there.scope().oneRepository());
    if (!access.may(Action.RELEASE_HOLD, repository)) {
      access.denied(Action.RELEASE_HOLD, repository, Reason.RIGHT);
      // Who may not release it is not told that it is there.
      throw Refusals.toError(new Refusal.UnknownHold(hold)).asException();
    }
    Outcome<Optional<Approval>> outcome =
        holds.release(exchange.caller(), hold, access.policy().persons().releasing(), reason);
    Optional<Approval> waiting =
        Refusals.accepted(outcome, access, Action.RELEASE_HOLD, repository);
    if (waiting.isPresent()) {
      Answering.send(
          exchange, 202, ApprovalRow.COLUMNS, false, Answer.one(ApprovalRow.of(waiting.get())));
    } else {
      answer(exchange, 200, HoldRow.of(Refusals.accepted(holds.find(hold))));
    }
  }

  /** A right in what a hold covers: in one repository, or in whatever a glob may match. */
  private static void require(Exchange exchange, Action action, HoldScope scope) {
    scope
        .oneRepository()
        .ifPresentOrElse(
            one -> exchange.access().require(action, one),
            () -> exchange.access().requireEverywhere(action));
  }

  private static void answer(Exchange exchange, int status, HoldRow row) throws IOException {
    Answering.send(exchange, status, HoldRow.COLUMNS, false, Answer.one(row));
  }
}
