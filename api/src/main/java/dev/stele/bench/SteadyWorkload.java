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
      double _ = rate(registry, "warm", warmUp);
    }
  }

  @Override
  public double measure(RegistryUnderTest registry, int round)
      throws IOException, InterruptedException {
    return rate(registry, "r" + round, duration);
  }

  private double rate(RegistryUnderTest registry, String run, Duration time)
      throws IOException, InterruptedException {
    return Concurrent.rate(clients, time, number -> client(registry, run, number));
  }
}
