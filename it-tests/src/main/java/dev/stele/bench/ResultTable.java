package dev.stele.bench;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;

/** The medians of all rows, a column a registry, and how the first compares with each other one. */
final class ResultTable {
  private final List<String> registries;
  private final List<Row> rows = new ArrayList<>();

  private record Row(String title, String unit, List<Workload.Measured> medians) {}

  ResultTable(List<String> registries) {
    this.registries = List.copyOf(registries);
  }

  /**
   * Adds a row.
   *
   * @param rates of each registry, in the order of the columns
   */
  void add(Workload workload, List<List<Workload.Measured>> rates) {
    rows.add(
        new Row(
            workload.title(), workload.unit(), rates.stream().map(ResultTable::medians).toList()));
  }

  /** Of rates and of times apart. */
  private static Workload.Measured medians(List<Workload.Measured> all) {
    double[] times = all.stream().flatMapToDouble(each -> each.p99().stream()).toArray();
    return new Workload.Measured(
        median(all.stream().map(Workload.Measured::rate).toList()),
        times.length == 0
            ? OptionalDouble.empty()
            : OptionalDouble.of(median(Arrays.stream(times).boxed().toList())));
  }

  static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  void print(PrintStream out) {
    out.printf("%-56s %-11s", "median of all rounds", "");
    registries.forEach(name -> out.printf(" %26s", name));
    out.println(registries.size() > 1 ? "   ratio" : "");
    for (Row row : rows) {
      out.printf("%-56s %-11s", row.title(), row.unit());
      row.medians().forEach(median -> out.printf(" %26s", median));
      for (Workload.Measured other : row.medians().subList(1, row.medians().size())) {
        out.printf(" %6.2fx", row.medians().getFirst().rate() / other.rate());
      }
      out.println();
    }
  }
}
