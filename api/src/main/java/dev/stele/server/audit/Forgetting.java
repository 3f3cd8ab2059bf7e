package dev.stele.server.audit;

import dev.stele.event.ActorId;
import dev.stele.question.ActorQuestions;
import dev.stele.question.Answer;
import dev.stele.question.Columns;
import dev.stele.registry.People;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.JsonBody;
import java.io.IOException;
import java.util.Optional;

/** {@code /api/v1/actors/<id>/forget}: what somebody did stays on record, but not who they were. */
record Forgetting(People people) {
  /** Who was forgotten. */
  private record Forgotten(String id) {}

  void forget(Exchange exchange, String text) throws IOException {
    ActorId id;
    try {
      id = ActorQuestions.id(text);
    } catch (IllegalArgumentException e) {
      throw unknown();
    }
    String reason = JsonBody.read(exchange, "reason").required("reason", "why they are forgotten");
    boolean forgotten;
    try {
      forgotten = people.forget(exchange.caller().because(Optional.of(reason)), id);
    } catch (IllegalArgumentException e) {
      throw JsonBody.invalid(e.getMessage());
    }
    if (!forgotten) {
      throw unknown();
    }
    Answering.send(
        exchange, 200, Columns.fields(Forgotten.class), false, Answer.one(new Forgotten(text)));
  }

  private static RuntimeException unknown() {
    return new DistributionError(
            404,
            ErrorCode.NOT_FOUND,
            "the record knows nobody of this id; /api/v1/actors lists all")
        .asException();
  }
}
