package dev.stele.question;

import com.fasterxml.jackson.databind.JsonNode;
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

  /** What formulas begin with. No number is negative but -1, a position before the first. */
  private static final String FORMULA = "=+-@\t\r";

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
      out.print(quoted(left.next()));
      out.print(left.hasNext() ? "," : "\r\n");
    }
  }

  private static String quoted(String raw) {
    String text = withoutControls(raw);
    String field = !text.isEmpty() && FORMULA.indexOf(text.charAt(0)) >= 0 ? "'" + text : text;
    boolean plain = field.chars().noneMatch(c -> c == '"' || c == ',' || c == '\r' || c == '\n');
    return plain ? field : '"' + field.replace("\"", "\"\"") + '"';
  }

  private static String withoutControls(String text) {
    return text.chars().noneMatch(CsvRows::isControl)
        ? text
        : text.chars()
            .mapToObj(c -> isControl(c) ? escaped(c) : Character.toString(c))
            .collect(Collectors.joining());
  }

  private static boolean isControl(int c) {
    return Character.isISOControl(c) && c != '\t' && c != '\r' && c != '\n';
  }

  /** How a character is shown that would do something else than be seen. */
  public static String escaped(int unit) {
    return "\\u%04x".formatted(unit);
  }

  @Override
  public void close() {
    out.flush();
  }
}
