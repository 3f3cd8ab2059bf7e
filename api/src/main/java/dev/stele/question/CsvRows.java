package dev.stele.question;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.evidence.CsvCell;
import java.io.PrintWriter;
import java.util.Collection;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Comma-separated values as in RFC 4180, with the names of the columns first. Several values in a
 * cell have a space between, the entries of a map each a line {@code key=value}. A text that a
 * spreadsheet would take for a formula has an apostrophe before it, which spreadsheets do not show.
 * Control characters other than tabs and ends of lines are shown by their numbers, since a file may
 * be looked at on a terminal.
 */
public final class CsvRows<T> implements Rows<T> {
  /** The media type. */
  public static final String TYPE = "text/csv; charset=utf-8; header=present";

  private final PrintWriter out;
  private final Columns<T> columns;

  /** Begins with the names of the columns. */
  public CsvRows(PrintWriter out, Columns<T> columns) {
    this(out, columns, true);
  }

  /**
   * @param header whether it begins with the names of the columns, rather than going on with others
   */
  public CsvRows(PrintWriter out, Columns<T> columns, boolean header) {
    this.out = out;
    this.columns = columns;
    if (header) {
      record(IntStream.range(0, columns.size()).mapToObj(columns::name));
    }
  }

  @Override
  public void add(T row) {
    record(columns.values(row).stream().map(value -> value.map(CsvRows::plain).orElse("")));
  }

  /** A value as a cell has it: numbers have no separators, and nothing is left out. */
  public static String plain(Object value) {
    return switch (value) {
      case Collection<?> several ->
          several.stream().map(CsvRows::plain).collect(Collectors.joining(" "));
      case Map<?, ?> entries ->
          new TreeMap<>(entries)
              .entrySet().stream()
                  .map(entry -> entry.getKey() + "=" + entry.getValue())
                  .collect(Collectors.joining("\n"));
      case JsonNode json when json.isContainerNode() ->
          throw new IllegalArgumentException("JSON has no place in a cell: " + json);
      case JsonNode json -> json.asText();
      default -> value.toString();
    };
  }

  private void record(Stream<String> fields) {
    Iterator<String> left = fields.iterator();
    while (left.hasNext()) {
      out.print(CsvCell.quoted(left.next()));
      out.print(left.hasNext() ? "," : "\r\n");
    }
  }

  @Override
  public void close() {
    out.flush();
  }
}
