package dev.stele.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Pushes of unique blobs of 1 MiB by several clients into one repository. */
final class BlobPushes implements Workload {
  private static final int SIZE = 1 << 20;

  private final int clients;
  private final Duration duration;
  private final Duration warmUp;

  BlobPushes(int clients, Duration duration, Duration warmUp) {
    this.clients = clients;
    this.duration = duration;
    this.warmUp = warmUp;
  }

  @Override
  public String title() {
    return "push of blobs of 1 MiB, " + clients + " clients";
  }

  @Override
  public String unit() {
    return "blobs/s";
  }

  @Override
  public void prepare(RegistryUnderTest registry, int round)
      throws IOException, InterruptedException {
    if (round == 0) {
      rate(registry, warmUp);
    }
  }

  @Override
  public double measure(RegistryUnderTest registry, int round)
      throws IOException, InterruptedException {
    return rate(registry, duration);
  }

  private double rate(RegistryUnderTest registry, Duration time)
      throws IOException, InterruptedException {
    return Concurrent.rate(
        clients,
        time,
        number -> {
          HttpConnection connection = registry.connect();
          byte[] blob = new byte[SIZE];
          ThreadLocalRandom.current().nextBytes(blob);
          return new Concurrent.Client() {
            @Override
            public void step(int step) throws IOException {
              ByteBuffer.wrap(blob).putLong(ThreadLocalRandom.current().nextLong());
              SmallImagePusher.push(connection, "bench/blobs", blob);
            }

            @Override
            public void close() throws IOException {
              connection.close();
            }
          };
        });
  }
}
