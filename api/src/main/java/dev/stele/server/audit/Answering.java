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
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a question is asked over HTTP: its answer is JSON or, by {@code format=csv} or {@link
 * Accept}, CSV. A {@code Link} leads to the next page. CSV has no place to say that more follows
 * and is kept as a file, so without a {@code limit} it is the whole answer, to its end.
 */
final class Answering {
  /** The media type of CSV, without the parameters that an answer has. */
  static final String CSV = "text/csv";

  private static final List<String> TYPES = List.of(Exchange.JSON, CSV);
  private static final String LIMIT = "limit";
  private static final String PAGE = "1000";
  private static final int LARGEST_BODY = 1 << 20;

  private Answering() {}

  /**
   * A page, written down.
   *
   * @param following what asks for the next one
   * @param next where that is
   */
  private record Written(Optional<Asked> following, Optional<String> next, byte[] bytes) {}

  static <R> void answer(
      Exchange exchange, AuditWork work, Question<R> question, Map<String, String> path)
      throws IOException, InterruptedException {
    QueryString query = exchange.query().without(Question.FORMAT.name());
    boolean csv = csv(exchange);
    boolean whole = csv && question.parameters().contains(LIMIT) && query.first(LIMIT).isEmpty();
    Asked asked = new Asked(path, whole ? query.with(LIMIT, PAGE) : query, body(exchange));
    Written written = work.run(() -> csv ? csv(question, asked, true) : json(question, asked));
    exchange.set("Vary", "Accept");
    if (whole && written.following().isPresent()) {
      OutputStream out = exchange.startStream(200, CsvRows.TYPE);
      if (!exchange.isHead()) {
        sendToTheEnd(out, work, question, written);
      }
      return;
    }
    written
        .next()
        .map(next -> csv && inQuery(exchange) ? next + "&format=csv" : next)
        .ifPresent(next -> exchange.set("Link", "<" + next + ">; rel=\"next\""));
    exchange.sendBytes(200, csv ? CsvRows.TYPE : Exchange.JSON, written.bytes());
  }

  /**
   * Page after page; nothing is held while the client reads. If a page fails, the connection is cut
   * instead of ending the answer.
   */
  private static <R> void sendToTheEnd(
      OutputStream out, AuditWork work, Question<R> question, Written first)
      throws IOException, InterruptedException {
    Written page = first;
    out.write(page.bytes());
    out.flush();
    while (page.following().isPresent()) {
      Asked asked = page.following().get();
      page = work.runLetIn(() -> csv(question, asked, false));
      out.write(page.bytes());
    }
  }

  private static <R> Answer<R> ask(Question<R> question, Asked asked) {
    Answer<R> answer = question.ask(asked);
    answer
        .unknown()
        .ifPresent(
            error -> {
              throw error.asException();
            });
    return answer;
  }

  private static <R> Written json(Question<R> question, Asked asked) throws IOException {
    Answer<R> answer = ask(question, asked);
    return new Written(
        Optional.empty(), question.next(asked, answer), Json.bytes(question.json(asked, answer)));
  }

  private static <R> Written csv(Question<R> question, Asked asked, boolean header) {
    Answer<R> answer = ask(question, asked);
    StringWriter text = new StringWriter();
    try (CsvRows<R> rows = new CsvRows<>(new PrintWriter(text), question.columns(), header)) {
      answer.rows().forEach(rows::add);
    }
    return new Written(
        answer.next().isEmpty() ? Optional.empty() : Optional.of(question.following(asked, answer)),
        question.next(asked, answer),
        text.toString().getBytes(StandardCharsets.UTF_8));
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
