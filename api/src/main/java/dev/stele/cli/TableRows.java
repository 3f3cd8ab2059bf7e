package dev.stele.cli;

import dev.stele.question.Columns;
import dev.stele.question.Rows;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * A table for people. The first {@value #MEASURED} rows say how wide the columns are; later ones go
 * out as they come. On a terminal digests are short, and where a line would be wider than that is
 * the widest texts are cut, which an ellipsis shows; elsewhere nothing is cut, and a wider value
 * among later rows moves the rest of its line. A column that is empty in all those rows is left
 * out.
 */
final class TableRows<T> implements Rows<T> {
  private static final int MEASURED = 1_000;
  private static final String GAP = "  ";
  private static final String ABSENT = "-";
  private static final String CUT = "\u2026";

  /** No column is made narrower than this: a moment stays whole. */
  private static final int NARROWEST = 27;

  private record Cell(String text, boolean number) {}

  private final PrintWriter out;
  private final Columns<T> columns;
  private final Terminal terminal;
  private final int[] widths;
  private final boolean[] shown;
  private final boolean[] numbers;
  private final List<List<Optional<Cell>>> waiting = new ArrayList<>();
  private boolean begun;
  private boolean fitted;
  private boolean cut;

  /**
   * Begins a table.
   *
   * @param terminal what it has to fit
   */
  TableRows(PrintWriter out, Columns<T> columns, Terminal terminal) {
    this.out = out;
    this.columns = columns;
    this.terminal = terminal;
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
    return new Cell(CellText.readable(value, terminal.interactive()), value instanceof Number);
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
    fit();
    if (!waiting.isEmpty()) {
      out.println(terminal.heading(line(columns::heading)));
    }
    waiting.forEach(this::print);
    waiting.clear();
  }

  /** Makes the widest texts narrower, as far as is needed and does any good. */
  private void fit() {
    int[] all = IntStream.range(0, widths.length).filter(c -> shown[c]).toArray();
    int gaps = GAP.length() * (all.length - 1);
    while (terminal.width() > 0
        && Arrays.stream(all).map(c -> widths[c]).sum() + gaps > terminal.width()) {
      int widest =
          Arrays.stream(all)
              .filter(c -> !numbers[c])
              .boxed()
              .max(Comparator.comparingInt(c -> widths[c]))
              .orElse(-1);
      if (widest < 0 || widths[widest] <= NARROWEST) {
        return;
      }
      fitted = true;
      widths[widest]--;
    }
  }

  private void print(List<Optional<Cell>> row) {
    out.println(line(column -> row.get(column).map(Cell::text).orElse(ABSENT)));
  }

  private String line(IntFunction<String> text) {
    StringBuilder line = new StringBuilder();
    for (int column : IntStream.range(0, widths.length).filter(c -> shown[c]).toArray()) {
      String cell = cut(text.apply(column), column);
      String space = " ".repeat(Math.max(0, widths[column] - width(cell)));
      line.append(line.isEmpty() ? "" : GAP).append(numbers[column] ? space + cell : cell + space);
    }
    return line.toString().stripTrailing();
  }

  private String cut(String text, int column) {
    int most = Math.max(widths[column], NARROWEST);
    if (!fitted || numbers[column] || width(text) <= most) {
      return text;
    }
    cut = true;
    return text.substring(0, text.offsetByCodePoints(0, most - 1)) + CUT;
  }

  private static int width(String text) {
    return text.codePointCount(0, text.length());
  }

  @Override
  public void close() {
    if (!begun) {
      begin();
    }
    if (cut) {
      out.println("What ends in " + CUT + " is cut to fit; --no-trunc shows it whole.");
    }
    out.flush();
  }
}
