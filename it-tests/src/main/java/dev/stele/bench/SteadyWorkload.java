package dev.stele.bench;

import java.io.IOException;
import java.time.Duration;

/** The same work again and again by several clients, for some time; warmed up before round 0. */
abstract class SteadyWorkload implements Workload {
  private final int clients;
  private final Duration duration;
  private final Duration warmUp;

  SteadyWorkload(int clients, Duration duration, Duration warmUp) {
    this.clients = clients;
    this.duration = duration;
    this.warmUp = warmUp;
  }

  final int clients() {
    return clients;
  }

  /**
   * One of the clients.
   *
   * @param run what tells rounds apart
   * @param number what tells the clients of a round apart
   */
  abstract Concurrent.Client client(RegistryUnderTest registry, String run, int number)
      throws IOException;

  @Override
  public void prepare(RegistryUnderTest registry, int round)
      throws IOException, InterruptedException {
    if (round == 0) {
      Latencies _ = steps(registry, "warm", warmUp);
    }
  }

  @Override
  public Measured measure(RegistryUnderTest registry, int round)
      throws IOException, InterruptedException {
    Latencies measured = steps(registry, "r" + round, duration);
    return new Measured(measured.rate(), measured.p99());
  }

  private Latencies steps(RegistryUnderTest registry, String run, Duration time)
      throws IOException, InterruptedException {
    return Concurrent.steps(clients, time, number -> client(registry, run, number));
  }
}
