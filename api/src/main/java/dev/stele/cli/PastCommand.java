package dev.stele.cli;

import dev.stele.history.History;
import dev.stele.log.AsOf;
import dev.stele.registry.Page;
import dev.stele.server.Inspection;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * A command that prints what the record says. The server may be running or not. Exit status 1 for
 * what is not on record.
 */
@Command(mixinStandardHelpOptions = true)
abstract class PastCommand implements Callable<Integer> {
  private static final int PAGE = 1_000;

  @Spec private CommandSpec spec;
  @Mixin private ConfigurationOptions options;
  @Mixin private RowOutput output;

  /** Prints the answer. */
  abstract void print(Inspection inspection, History history, PrintWriter out);

  @Override
  public final Integer call() throws ConfigurationException, StartupException {
    PrintWriter out = spec.commandLine().getOut();
    try (Inspection inspection = Inspection.open(options.read(Optional.empty()))) {
      print(inspection, new History(inspection.registry()), out);
      out.flush();
      return 0;
    }
  }

  final CommandSpec spec() {
    return spec;
  }

  final RowOutput output() {
    return output;
  }

  /** A page of a list: at most so many items after one. */
  @FunctionalInterface
  interface Pages<T> {
    Page<T> after(Optional<T> last, int limit);
  }

  /**
   * Prints a list to its end, whose pages are read as they are printed.
   *
   * @return how many there were
   */
  final <T> long printAll(PrintWriter out, Columns<T> columns, Pages<T> pages) {
    long count = 0;
    // The first page before anything is printed: it may be refused.
    Page<T> page = pages.after(Optional.empty(), PAGE);
    try (Rows<T> rows = output.open(out, columns)) {
      while (true) {
        page.items().forEach(rows::add);
        count += page.items().size();
        if (!page.more()) {
          return count;
        }
        page = pages.after(Optional.of(page.items().getLast()), PAGE);
      }
    }
  }

  /** The same, and says to people how many there were at a moment. */
  final <T> void printAll(
      PrintWriter out, Columns<T> columns, AsOf at, String what, Pages<T> pages) {
    long count = printAll(out, columns, pages);
    output.note(out, "%s at %s: %,d".formatted(what, at, count));
  }
}
