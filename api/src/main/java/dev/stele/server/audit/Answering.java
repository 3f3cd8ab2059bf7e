package dev.stele.server.audit;

import dev.stele.question.Answer;
import dev.stele.question.Asked;
import dev.stele.question.CsvRows;
import dev.stele.question.Question;
import dev.stele.server.http.Accept;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.Json;
import dev.stele.server.http.QueryString;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a question is asked over HTTP: its answer is JSON or, by {@code format=csv} or {@link
 * Accept}, CSV. A {@code Link} leads to the next page in either.
 */
final class Answering {
  /** The media type of CSV, without the parameters that an answer has. */
  static final String CSV = "text/csv";

  private static final List<String> TYPES = List.of(Exchange.JSON, CSV);
  private static final int LARGEST_BODY = 1 << 20;

  private Answering() {}

  /** An answer, written down. */
  private record Written(Optional<String> next, byte[] bytes) {}

  static <R> void answer(
      Exchange exchange, AuditWork work, Question<R> question, Map<String, String> path)
      throws IOException, InterruptedException {
    QueryString query = exchange.query().without(Question.FORMAT.name());
    boolean csv = csv(exchange);
    Asked asked = new Asked(path, query, body(exchange));
    Written written =
        work.run(
            () -> {
              Answer<R> answer = question.ask(asked);
              answer
                  .unknown()
                  .ifPresent(
                      error -> {
                        throw error.asException();
                      });
              return new Written(
                  question.next(asked, answer),
                  csv ? csv(question, answer) : Json.bytes(question.json(asked, answer)));
            });
    written
        .next()
        .map(next -> csv && inQuery(exchange) ? next + "&format=csv" : next)
        .ifPresent(next -> exchange.set("Link", "<" + next + ">; rel=\"next\""));
    exchange
        .set("Vary", "Accept")
        .sendBytes(200, csv ? CsvRows.TYPE : Exchange.JSON, written.bytes());
  }

  private static <R> byte[] csv(Question<R> question, Answer<R> answer) {
    StringWriter text = new StringWriter();
    try (CsvRows<R> rows = new CsvRows<>(new PrintWriter(text), question.columns())) {
      answer.rows().forEach(rows::add);
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static boolean inQuery(Exchange exchange) {
    return exchange.query().first(Question.FORMAT.name()).isPresent();
  }

  private static boolean csv(Exchange exchange) {
    Optional<String> format = exchange.query().first(Question.FORMAT.name());
    if (format.isPresent()) {
      return switch (format.get()) {
        case "csv" -> true;
        case "json" -> false;
        default ->
            throw new DistributionError(
                    400,
                    ErrorCode.REQUEST_INVALID,
                    "format must be json or csv or, of events, cloudevents")
                .asException();
      };
    }
    return Accept.of(exchange).best(Exchange.JSON, TYPES).equals(CSV);
  }

  /** What is sent along; nothing where nothing can be. */
  private static String body(Exchange exchange) throws IOException {
    if (!exchange.method().equals("POST")) {
      return "";
    }
    byte[] body = exchange.bytes(LARGEST_BODY);
    if (body.length > LARGEST_BODY) {
      throw new DistributionError(413, ErrorCode.SIZE_INVALID, "the body may have 1 MiB at most")
          .asException();
    }
    return new String(body, StandardCharsets.UTF_8);
  }
}
