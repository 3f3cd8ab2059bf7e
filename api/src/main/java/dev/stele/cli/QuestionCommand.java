package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.log.AsOf;
import dev.stele.log.Moment;
import dev.stele.question.Rows;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import dev.stele.server.http.ErrorCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * A command that asks a server a question and prints the rows of the answer, to its end. {@code
 * --json} prints the rows that HTTP answers with, an object a line. Exit status 1 for what is not
 * on record.
 */
@Command(mixinStandardHelpOptions = true)
abstract class QuestionCommand implements Callable<Integer> {
  private static final String NOT_ON_RECORD = ErrorCode.BLOB_UNKNOWN.name();

  @Spec private CommandSpec spec;
  @Mixin private ServerOptions options;
  @Mixin private RowOutput output;

  /** What is asked. */
  abstract Asking asking();

  /** The answer for what is not on record at all, where that is one. */
  Optional<JsonNode> unknown() {
    return Optional.empty();
  }

  /** Is told of each page, with what it is of. */
  void page(@SuppressWarnings("unused") JsonNode page) {}

  /** Is told of each row as it is printed. */
  void seen(@SuppressWarnings("unused") Cells row) {}

  /**
   * What people are told at the end.
   *
   * @param count how many rows there were
   * @param about what the answer is of
   */
  Optional<String> note(
      @SuppressWarnings("unused") long count, @SuppressWarnings("unused") JsonNode about) {
    return Optional.empty();
  }

  /** Whether people read the one thing that is answered as {@link #text}, not in a table. */
  boolean prose() {
    return false;
  }

  /** That text. */
  String text(JsonNode row) {
    throw new IllegalStateException("no text of " + row);
  }

  /** The exit status when all was printed. */
  int status() {
    return 0;
  }

  @Override
  public final Integer call() throws ConfigurationException, StartupException, IOException {
    PrintWriter out = spec.commandLine().getOut();
    Asking asking = asking();
    try (Client client = options.connect()) {
      print(client, asking, out);
      out.flush();
      return status();
    }
  }

  final CommandSpec spec() {
    return spec;
  }

  private void print(Client client, Asking asking, PrintWriter out) throws IOException {
    // The first page before anything is printed: it may be refused.
    JsonNode first = first(client, asking);
    if (prose() && output.forPeople()) {
      output.note(out, text(first));
      return;
    }
    long count = 0;
    boolean cut;
    List<String> names = Cells.names(first);
    try (Rows<JsonNode> rows = output.openAnswer(out, names)) {
      Optional<JsonNode> page = Optional.of(first);
      do {
        page(page.get());
        long left = asking.most() - count;
        cut = false;
        for (JsonNode row : Cells.rows(page.get())) {
          if (left-- <= 0) {
            cut = true;
            break;
          }
          rows.add(row);
          seen(new Cells(names, row));
          count++;
        }
        if (count == asking.most()) {
          cut |= page.get().has("next");
          break;
        }
        page = client.following(asking, page.get());
      } while (page.isPresent());
    }
    note(count, first).ifPresent(text -> output.note(out, text));
    PrintWriter err = spec.commandLine().getErr();
    if (cut) {
      output.warn(
          out, err, "Only the first %,d are shown (--limit); there are more.".formatted(count));
    }
    if (first.path("note").isTextual()) {
      output.warn(out, err, first.path("note").asText());
    }
  }

  private JsonNode first(Client client, Asking asking) throws IOException {
    try {
      return client.ask(asking, prose() && output.forPeople() ? "json" : output.format());
    } catch (AnsweredException e) {
      if (e.code().equals(NOT_ON_RECORD)) {
        return unknown().orElseThrow(() -> e);
      }
      throw e;
    }
  }

  /** A number of things: {@code 1 event}, {@code 1,500 events}. */
  static String count(long number, String one, String several) {
    return "%,d %s".formatted(number, number == 1 ? one : several);
  }

  /** A moment that an answer is of, for people. */
  static String moment(JsonNode at) {
    String moment = at.path("moment").asText();
    long position = at.path("position").asLong();
    return new AsOf(
            moment.startsWith("p") ? new Moment.AtPosition(position) : Moment.parse(moment),
            position)
        .toString();
  }
}
