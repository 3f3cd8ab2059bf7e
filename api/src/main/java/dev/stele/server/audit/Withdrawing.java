package dev.stele.server.audit;

import dev.stele.event.Approved;
import dev.stele.policy.RepositoryGlob;
import dev.stele.question.Answer;
import dev.stele.question.EventRow;
import dev.stele.registry.Registry;
import dev.stele.server.distribution.Refusals;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.JsonBody;
import java.io.IOException;
import java.util.Optional;

/** {@code POST /api/v1/approvals/withdraw}: takes one's own approval back. */
final class Withdrawing {
  private final Registry registry;

  Withdrawing(Registry registry) {
    this.registry = registry;
  }

  void post(Exchange exchange) throws IOException {
    JsonBody body = JsonBody.read(exchange, "act", "repositories", "subject", "reason");
    Approved act =
        JsonBody.parse(
            "act",
            body.required("act", "release-hold or restore-repository"),
            text ->
                Approved.ofWord(text)
                    .orElseThrow(
                        () ->
                            new IllegalArgumentException(
                                "must be release-hold or restore-repository")));
    RepositoryGlob repositories =
        JsonBody.parse(
            "repositories",
            body.required("repositories", "the repository or glob, as /api/v1/approvals has it"),
            RepositoryGlob::parse);
    String subject = body.required("subject", "what was approved of, as /api/v1/approvals has it");
    Optional<String> reason = body.text("reason");
    long position =
        Refusals.accepted(
            registry
                .approvals()
                .withdraw(
                    reason.map(exchange::because).orElseGet(exchange::caller),
                    act,
                    repositories,
                    subject));
    Answering.send(
        exchange,
        200,
        EventRow.COLUMNS,
        false,
        Answer.one(EventRow.of(registry.log().event(position).orElseThrow())));
  }
}
