package dev.stele.server.audit;

import dev.stele.event.RobotName;
import dev.stele.policy.Durations;
import dev.stele.question.Address;
import dev.stele.question.Answer;
import dev.stele.question.RobotRow;
import dev.stele.registry.Outcome;
import dev.stele.registry.Robots;
import dev.stele.server.distribution.Refusals;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.JsonBody;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/** {@code /api/v1/robots}: accounts for programs, and their keys. */
record RobotAccounts(Robots robots) {
  void create(Exchange exchange) throws IOException {
    JsonBody body = JsonBody.read(exchange, "name", "description", "expires");
    RobotName name =
        JsonBody.parse("name", body.required("name", "what the robot is called"), RobotName::parse);
    Optional<Duration> lifetime = lifetime(body);
    exchange.set("Location", exchange.address(Address.ROBOTS + "/" + name));
    answer(
        exchange,
        issued(() -> robots.create(exchange.caller(), name, body.text("description"), lifetime)));
  }

  void issueKey(Exchange exchange, String robot) throws IOException {
    RobotName name = RobotRow.existing(robot);
    Optional<Duration> lifetime = lifetime(JsonBody.read(exchange, "expires"));
    answer(exchange, issued(() -> robots.issueKey(exchange.caller(), name, lifetime)));
  }

  void revokeKey(Exchange exchange, String robot, String keyId) throws IOException {
    RobotName name = RobotRow.existing(robot);
    answer(
        exchange, RobotRow.of(Refusals.accepted(robots.revokeKey(exchange.caller(), name, keyId))));
  }

  void remove(Exchange exchange, String robot) throws IOException {
    RobotName name = RobotRow.existing(robot);
    answer(exchange, RobotRow.of(Refusals.accepted(robots.remove(exchange.caller(), name))));
  }

  private static Optional<Duration> lifetime(JsonBody body) {
    return body.text("expires").map(text -> JsonBody.parse("expires", text, Durations::parse));
  }

  private static RobotRow.Issued issued(Supplier<Outcome<Robots.Issued>> request) {
    try {
      return RobotRow.Issued.of(Refusals.accepted(request.get()));
    } catch (IllegalArgumentException e) {
      throw JsonBody.invalid(e.getMessage());
    }
  }

  private static void answer(Exchange exchange, RobotRow.Issued issued) throws IOException {
    exchange.set("Cache-Control", "no-store");
    Answering.send(exchange, 201, RobotRow.Issued.COLUMNS, false, Answer.one(issued));
  }

  private static void answer(Exchange exchange, RobotRow row) throws IOException {
    Answering.send(exchange, 200, RobotRow.COLUMNS, false, Answer.one(row));
  }
}
