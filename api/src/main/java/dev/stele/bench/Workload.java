package dev.stele.bench;

import java.io.IOException;

/** One row of the benchmark. Each is given every registry in turn, some rounds long. */
interface Workload {
  /** What is done, as the table's row says it. */
  String title();

  /** What {@link #measure} counts; more of it is better. */
  String unit();

  /** What must be there before {@link #measure}; not measured. */
  void prepare(RegistryUnderTest registry, int round) throws IOException, InterruptedException;

  /** Does the work once and returns how fast it went, in {@link #unit}. */
  double measure(RegistryUnderTest registry, int round) throws IOException, InterruptedException;
}
