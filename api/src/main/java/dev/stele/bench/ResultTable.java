package dev.stele.bench;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** The medians of all rows, a column a registry, and how the first compares with the second. */
final class ResultTable {
  private final List<String> registries;
  private final List<Row> rows = new ArrayList<>();

  private record Row(String title, String unit, List<Double> medians) {}

  ResultTable(List<String> registries) {
    this.registries = List.copyOf(registries);
  }

  /**
   * Adds a row.
   *
   * @param rates of each registry, in the order of the columns
   */
  void add(Workload workload, List<List<Double>> rates) {
    rows.add(
        new Row(
            workload.title(), workload.unit(), rates.stream().map(ResultTable::median).toList()));
  }

  static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  void print(PrintStream out) {
    out.printf("%-52s %-11s", "median of all rounds", "");
    registries.forEach(name -> out.printf(" %16s", name));
    out.println(registries.size() > 1 ? "    ratio" : "");
    for (Row row : rows) {
      out.printf("%-52s %-11s", row.title(), row.unit());
      row.medians().forEach(median -> out.printf(" %16.1f", median));
      if (row.medians().size() > 1) {
        out.printf("  %6.2fx", row.medians().get(0) / row.medians().get(1));
      }
      out.println();
    }
  }
}
