package dev.stele.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.OptionalDouble;

/**
 * How long each of many requests took.
 *
 * @param nanos sorted
 * @param rate requests a second, over all connections
 */
record Latencies(long[] nanos, double rate) {
  /** A request, by its number on its connection. */
  @FunctionalInterface
  interface Request {
    void send(HttpConnection connection, int number) throws IOException;
  }

  /** Sends requests on several connections at once for a while, each as soon as it can. */
  static Latencies measure(
      RegistryUnderTest registry, int connections, Duration duration, Request request)
      throws IOException, InterruptedException {
    return Concurrent.steps(
        connections,
        duration,
        number -> {
          HttpConnection connection = registry.connect();
          return new Concurrent.Client() {
            @Override
            public void step(int step) throws IOException {
              request.send(connection, step * connections + number);
            }

            @Override
            public void close() throws IOException {
              connection.close();
            }
          };
        });
  }

  /** Fewer do not tell how long the slowest of a hundred took. */
  private static final int ENOUGH = 300;

  /** The time that one of a hundred took longer than, in milliseconds, if there were enough. */
  OptionalDouble p99() {
    return nanos.length < ENOUGH ? OptionalDouble.empty() : OptionalDouble.of(percentile(0.99));
  }

  /** The time within which that share of all requests were answered, in milliseconds. */
  double percentile(double share) {
    return nanos[(int) Math.min(nanos.length - 1, (long) (nanos.length * share))] / 1e6;
  }
}
