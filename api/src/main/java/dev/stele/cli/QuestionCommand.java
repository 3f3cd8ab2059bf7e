package dev.stele.cli;

import dev.stele.question.Answer;
import dev.stele.question.Asked;
import dev.stele.question.Question;
import dev.stele.question.Questions;
import dev.stele.question.Rows;
import dev.stele.server.Inspection;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * A command that asks the record a question and prints the rows of the answer, to its end. {@code
 * --json} prints the rows that HTTP answers with, an object a line. The server may be running or
 * not. Exit status 1 for what is not on record.
 */
@Command(mixinStandardHelpOptions = true)
abstract class QuestionCommand implements Callable<Integer> {
  private static final String PAGE = "1000";

  @Spec private CommandSpec spec;
  @Mixin private ConfigurationOptions options;
  @Mixin private RowOutput output;

  /** What is asked. */
  abstract Asking asking();

  /** Is told of each row as it is printed. */
  void seen(@SuppressWarnings("unused") Object row) {}

  /**
   * What people are told at the end.
   *
   * @param count how many rows there were
   * @param about what the answer is of
   */
  Optional<String> note(
      @SuppressWarnings("unused") long count,
      @SuppressWarnings("unused") Map<String, Object> about) {
    return Optional.empty();
  }

  /** An answer that is one thing, as text for people; empty for a table. */
  Optional<String> text(@SuppressWarnings("unused") Object row) {
    return Optional.empty();
  }

  @Override
  public final Integer call() throws ConfigurationException, StartupException {
    PrintWriter out = spec.commandLine().getOut();
    Asking asking = asking();
    try (Inspection inspection = Inspection.open(options.read(Optional.empty()))) {
      inspection.catchUp();
      print(new Questions(inspection.registry()).named(asking.question()), asking, out);
      out.flush();
      return 0;
    }
  }

  final CommandSpec spec() {
    return spec;
  }

  private <R> void print(Question<R> question, Asking asking, PrintWriter out) {
    Asked asked =
        new Asked(
            asking.path(),
            question.parameters().contains("limit")
                ? asking.query().with("limit", PAGE)
                : asking.query(),
            asking.body());
    // The first page before anything is printed: it may be refused.
    Answer<R> page = question.ask(asked);
    Map<String, Object> about = page.about();
    if (page.rows().size() == 1) {
      Optional<String> text = text(page.rows().getFirst());
      if (text.isPresent()) {
        output.print(out, question.columns(), page.rows().getFirst(), text.get());
        return;
      }
    }
    long count = 0;
    boolean cut;
    try (Rows<R> rows = output.open(out, question.columns(), question.table())) {
      while (true) {
        long before = count;
        for (R row : page.rows().stream().limit(asking.most() - count).toList()) {
          rows.add(row);
          seen(row);
          count++;
        }
        cut = page.rows().size() > asking.most() - before;
        if (page.next().isEmpty() || count == asking.most()) {
          cut |= !page.next().isEmpty();
          break;
        }
        asked = question.following(asked, page);
        page = question.ask(asked);
      }
    }
    note(count, about).ifPresent(text -> output.note(out, text));
    PrintWriter err = spec.commandLine().getErr();
    if (cut) {
      output.warn(
          out, err, "Only the first %,d are shown (--limit); there are more.".formatted(count));
    }
    if (about.get(Answer.NOTE) instanceof String text) {
      output.warn(out, err, text);
    }
  }

  /** A number of things: {@code 1 event}, {@code 1,500 events}. */
  static String count(long number, String one, String several) {
    return "%,d %s".formatted(number, number == 1 ? one : several);
  }
}
