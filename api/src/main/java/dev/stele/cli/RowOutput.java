package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.question.Columns;
import dev.stele.question.CsvRows;
import dev.stele.question.Rows;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.Supplier;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/**
 * The options by which every command that lists something prints it: a table for people, or {@code
 * --json} or {@code --csv} for programs. A mixin.
 */
final class RowOutput {
  /** At most one of these. */
  private static final class Format {
    @Option(names = "--json", description = "A JSON object a line.")
    private boolean json;

    @Option(
        names = "--csv",
        description = "Comma-separated values (RFC 4180), with the names of the columns first.")
    private boolean csv;
  }

  @ArgGroup(exclusive = true)
  private Format format;

  @Option(
      names = "--no-trunc",
      description =
          "Whole digests and texts on a terminal, too. In a file or pipe they always are.")
  private boolean whole;

  /** Begins a listing. */
  <T> Rows<T> open(PrintWriter out, Columns<T> columns) {
    if (format != null && format.json) {
      return new JsonRows<>(out, columns);
    }
    if (format != null && format.csv) {
      return new CsvRows<>(out, columns);
    }
    return new TableRows<>(out, columns, whole ? Terminal.NONE : Terminal.ofOutput());
  }

  /** The form of an answer that is printed; see {@code format} in the manual. */
  String format() {
    return forPeople() ? "table" : format.json ? "json" : "cells";
  }

  /** Whether it is a table, rather than for programs. */
  boolean forPeople() {
    return format == null;
  }

  /**
   * Begins a listing of what a server answers in {@link #format}.
   *
   * @param names of the columns
   */
  Rows<JsonNode> openAnswer(PrintWriter out, List<String> names) {
    if (format != null && format.json) {
      return new JsonRows<>(out, Columns.of(JsonNode.class));
    }
    return open(out, Cells.columns(names));
  }

  /** The form of the answer to what changes something, of which people read a sentence. */
  String actFormat() {
    return forPeople() ? "json" : format();
  }

  /** Prints such an answer. */
  void answer(PrintWriter out, JsonNode answer, Supplier<String> sentence) {
    if (forPeople()) {
      note(out, sentence.get());
      return;
    }
    try (Rows<JsonNode> rows = openAnswer(out, Cells.names(answer))) {
      Cells.rows(answer).forEach(rows::add);
    }
  }

  /** Prints a whole listing. */
  <T> void print(PrintWriter out, Columns<T> columns, Iterable<? extends T> rows) {
    try (Rows<T> listing = open(out, columns)) {
      rows.forEach(listing::add);
    }
  }

  /** Prints one thing: as a row for programs, as text for people. */
  <T> void print(PrintWriter out, Columns<T> columns, T row, String text) {
    if (format == null) {
      note(out, text);
    } else {
      print(out, columns, List.of(row));
    }
  }

  /** Says something about a listing to people; programs see rows only. */
  void note(PrintWriter out, String text) {
    if (format == null) {
      out.println(text);
      out.flush();
    }
  }

  /** Says what nobody must overlook: beneath a table, else where errors are told. */
  void warn(PrintWriter out, PrintWriter err, String text) {
    if (format == null) {
      note(out, text);
    } else {
      err.println("stele: " + text);
      err.flush();
    }
  }
}
