package dev.stele.cli;

import java.io.PrintWriter;
import java.util.Iterator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Comma-separated values as in RFC 4180, with the names of the columns first. */
final class CsvRows<T> implements Rows<T> {
  private final PrintWriter out;
  private final Columns<T> columns;

  CsvRows(PrintWriter out, Columns<T> columns) {
    this.out = out;
    this.columns = columns;
    record(IntStream.range(0, columns.size()).mapToObj(columns::name));
  }

  @Override
  public void add(T row) {
    record(columns.values(row).stream().map(value -> value.map(CellText::plain).orElse("")));
  }

  private void record(Stream<String> fields) {
    Iterator<String> left = fields.iterator();
    while (left.hasNext()) {
      out.print(quoted(left.next()));
      out.print(left.hasNext() ? "," : "\r\n");
    }
  }

  private static String quoted(String field) {
    boolean plain = field.chars().noneMatch(c -> c == '"' || c == ',' || c == '\r' || c == '\n');
    return plain ? field : '"' + field.replace("\"", "\"\"") + '"';
  }

  @Override
  public void close() {
    out.flush();
  }
}
