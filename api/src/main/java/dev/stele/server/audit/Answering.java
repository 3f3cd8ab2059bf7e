package dev.stele.server.audit;

import dev.stele.question.Answer;
import dev.stele.question.Asked;
import dev.stele.question.Columns;
import dev.stele.question.CsvRows;
import dev.stele.question.Question;
import dev.stele.server.http.Accept;
import dev.stele.server.http.BodyMemory;
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
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * How a question is asked over HTTP: its answer is JSON or, by {@code format=csv} or {@link
 * Accept}, CSV. For a program that prints it, {@code format=cells} has the same columns as CSV and
 * {@code format=table} those that people see, as JSON. A {@code Link} leads to the next page. CSV
 * has no place to say that more follows and is kept as a file, so without a {@code limit} it is the
 * whole answer, to its end.
 */
final class Answering {
  /** The media type of CSV, without the parameters that an answer has. */
  static final String CSV = "text/csv";

  private static final List<String> TYPES = List.of(Exchange.JSON, CSV);
  private static final String LIMIT = "limit";
  private static final String PAGE = "1000";
  private static final int LARGEST_BODY = 1 << 20;

  private Answering() {}

  /** In which form an answer is wanted. */
  private enum Form {
    JSON,
    CSV,
    CELLS,
    TABLE
  }

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
    Form form = form(exchange);
    boolean csv = form == Form.CSV;
    boolean whole = csv && question.parameters().contains(LIMIT) && query.first(LIMIT).isEmpty();
    Asked asked =
        new Asked(
            path,
            whole ? query.with(LIMIT, PAGE) : query,
            body(exchange),
            exchange.access(),
            exchange.prefix());
    Written written = work.run(() -> written(question, asked, form, true));
    exchange.set("Vary", "Accept");
    if (whole && written.following().isPresent()) {
      OutputStream out = exchange.startStream(200, CsvRows.TYPE);
      if (!exchange.isHead()) {
        sendToTheEnd(exchange, out, work, question, written);
      }
      return;
    }
    written
        .next()
        .map(next -> csv && !inQuery(exchange) ? next : next + suffix(form))
        .ifPresent(next -> exchange.set("Link", "<" + next + ">; rel=\"next\""));
    exchange.sendBytes(200, csv ? CsvRows.TYPE : Exchange.JSON, written.bytes());
  }

  /**
   * Page after page; nothing is held while the client reads. If a page fails, or whoever asked may
   * not know the next one any more, the connection is cut instead of ending the answer.
   */
  private static <R> void sendToTheEnd(
      Exchange exchange, OutputStream out, AuditWork work, Question<R> question, Written first)
      throws IOException, InterruptedException {
    write(exchange, out, first);
    out.flush();
    Optional<Asked> following = first.following();
    while (following.isPresent()) {
      Asked asked = following.get();
      Written page = work.runLetIn(() -> written(question, asked, Form.CSV, false));
      exchange.requireStill();
      write(exchange, out, page);
      following = page.following();
    }
  }

  private static void write(Exchange exchange, OutputStream out, Written page) throws IOException {
    try (BodyMemory.Room _ = exchange.room(page.bytes())) {
      out.write(page.bytes());
    }
  }

  /**
   * Answers what was done.
   *
   * @param list whether the answer is a list, rather than one thing
   */
  static <R> void send(
      Exchange exchange, int status, Columns<R> columns, boolean list, Answer<R> answer)
      throws IOException {
    Form form = form(exchange);
    exchange
        .set("Vary", "Accept")
        .sendBytes(
            status,
            form == Form.CSV ? CsvRows.TYPE : Exchange.JSON,
            switch (form) {
              case JSON -> Json.bytes(Question.json(list, answer, Optional.empty()));
              case CSV -> csv(columns, answer, true);
              case CELLS, TABLE -> cells(columns, answer, form, Optional.empty());
            });
  }

  private static <R> Written written(Question<R> question, Asked asked, Form form, boolean header) {
    Answer<R> answer = question.ask(asked);
    answer
        .unknown()
        .ifPresent(
            error -> {
              throw error.asException();
            });
    Optional<String> next = question.next(asked, answer);
    return new Written(
        answer.next().isEmpty() ? Optional.empty() : Optional.of(question.following(asked, answer)),
        next,
        switch (form) {
          case JSON -> Json.bytes(question.json(asked, answer));
          case CSV -> csv(question.columns(), answer, header);
          case CELLS -> cells(question.columns(), answer, form, next);
          case TABLE -> cells(question.table(), answer, form, next);
        });
  }

  private static <R> byte[] csv(Columns<R> columns, Answer<R> answer, boolean header) {
    StringWriter text = new StringWriter();
    try (CsvRows<R> rows = new CsvRows<>(new PrintWriter(text), columns, header)) {
      answer.rows().forEach(rows::add);
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static <R> byte[] cells(
      Columns<R> columns, Answer<R> answer, Form form, Optional<String> next) {
    return Json.bytes(
        Question.cells(
            answer,
            columns,
            form == Form.TABLE ? Columns::told : Columns::values,
            next.map(address -> address + suffix(form))));
  }

  /** What the address of the next page says of the form; JSON is understood. */
  private static String suffix(Form form) {
    return form == Form.JSON
        ? ""
        : "&" + Question.FORMAT.name() + "=" + form.name().toLowerCase(Locale.ROOT);
  }

  private static boolean inQuery(Exchange exchange) {
    return exchange.query().first(Question.FORMAT.name()).isPresent();
  }

  private static Form form(Exchange exchange) {
    Optional<String> format = exchange.query().first(Question.FORMAT.name());
    if (format.isPresent()) {
      return switch (format.get()) {
        case "json" -> Form.JSON;
        case "csv" -> Form.CSV;
        case "cells" -> Form.CELLS;
        case "table" -> Form.TABLE;
        default ->
            throw new DistributionError(
                    400,
                    ErrorCode.REQUEST_INVALID,
                    "format must be json, csv, cells or table or, of events, cloudevents")
                .asException();
      };
    }
    return Accept.of(exchange).best(Exchange.JSON, TYPES).equals(CSV) ? Form.CSV : Form.JSON;
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
