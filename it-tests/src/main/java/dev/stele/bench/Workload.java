package dev.stele.bench;

import java.io.IOException;
import java.util.OptionalDouble;

/** One row of the benchmark. Each is given every registry in turn, some rounds long. */
interface Workload {
  /** What is done, as the table's row says it. */
  String title();

  /** What {@link #measure} counts; more of it is better. */
  String unit();

  /** What must be there before {@link #measure}; not measured. */
  void prepare(RegistryUnderTest registry, int round) throws IOException, InterruptedException;

  /**
   * How fast it went.
   *
   * @param rate in {@link #unit}
   * @param p99 the time that one of a hundred took longer than, in milliseconds, where there were
   *     many
   */
  record Measured(double rate, OptionalDouble p99) {
    static Measured rate(double rate) {
      return new Measured(rate, OptionalDouble.empty());
    }

    @Override
    public String toString() {
      return "%.1f".formatted(rate)
          + (p99.isPresent() ? " (p99 %.1f ms)".formatted(p99.getAsDouble()) : "");
    }
  }

  /** Does the work once. */
  Measured measure(RegistryUnderTest registry, int round) throws IOException, InterruptedException;
}
