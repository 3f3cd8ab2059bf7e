package dev.stele.cli;

import dev.stele.question.Columns;
import dev.stele.question.Rows;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * A table for people. The first {@value #MEASURED} rows say how wide the columns are; later ones go
 * out as they come, and a wider value among them moves the rest of its line. Nothing is cut but
 * digests on a terminal. A column that is empty in all those rows is left out.
 */
final class TableRows<T> implements Rows<T> {
  private static final int MEASURED = 1_000;
  private static final String GAP = "  ";
  private static final String ABSENT = "-";

  private record Cell(String text, boolean number) {}

  private final PrintWriter out;
  private final Columns<T> columns;
  private final boolean shortDigests;
  private final int[] widths;
  private final boolean[] shown;
  private final boolean[] numbers;
  private final List<List<Optional<Cell>>> waiting = new ArrayList<>();
  private boolean begun;

  /**
   * Begins a table.
   *
   * @param shortDigests whether digests are cut to their first digits
   */
  TableRows(PrintWriter out, Columns<T> columns, boolean shortDigests) {
    this.out = out;
    this.columns = columns;
    this.shortDigests = shortDigests;
    this.widths = new int[columns.size()];
    this.shown = new boolean[columns.size()];
    this.numbers = new boolean[columns.size()];
    Arrays.setAll(widths, column -> columns.heading(column).length());
    Arrays.fill(numbers, true);
  }

  @Override
  public void add(T row) {
    List<Optional<Cell>> cells =
        columns.told(row).stream().map(value -> value.map(this::cell)).toList();
    if (begun) {
      print(cells);
      return;
    }
    waiting.add(cells);
    if (waiting.size() == MEASURED) {
      begin();
    }
  }

  private Cell cell(Object value) {
    return new Cell(CellText.readable(value, shortDigests), value instanceof Number);
  }

  private void begin() {
    begun = true;
    for (List<Optional<Cell>> row : waiting) {
      for (int column = 0; column < widths.length; column++) {
        Optional<Cell> cell = row.get(column);
        if (cell.isPresent()) {
          shown[column] = true;
          widths[column] = Math.max(widths[column], width(cell.get().text()));
          numbers[column] &= cell.get().number();
        }
      }
    }
    if (!waiting.isEmpty()) {
      line(columns::heading);
    }
    waiting.forEach(this::print);
    waiting.clear();
  }

  private void print(List<Optional<Cell>> row) {
    line(column -> row.get(column).map(Cell::text).orElse(ABSENT));
  }

  private void line(IntFunction<String> text) {
    StringBuilder line = new StringBuilder();
    for (int column : IntStream.range(0, widths.length).filter(c -> shown[c]).toArray()) {
      String cell = text.apply(column);
      String space = " ".repeat(Math.max(0, widths[column] - width(cell)));
      line.append(line.isEmpty() ? "" : GAP).append(numbers[column] ? space + cell : cell + space);
    }
    out.println(line.toString().stripTrailing());
  }

  private static int width(String text) {
    return text.codePointCount(0, text.length());
  }

  @Override
  public void close() {
    if (!begun) {
      begin();
    }
    out.flush();
  }
}
