package dev.stele.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Pushes of unique blobs of 1 MiB by several clients into one repository. */
final class BlobPushes extends SteadyWorkload {
  private static final int SIZE = 1 << 20;

  BlobPushes(int clients, Duration duration, Duration warmUp) {
    super(clients, duration, warmUp);
  }

  @Override
  public String title() {
    return "push of blobs of 1 MiB, " + clients() + " clients";
  }

  @Override
  public String unit() {
    return "blobs/s";
  }

  @Override
  Concurrent.Client client(RegistryUnderTest registry, String run, int number) throws IOException {
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
  }
}
