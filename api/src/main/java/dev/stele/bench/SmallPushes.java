package dev.stele.bench;

import java.io.IOException;
import java.time.Duration;

/** Pushes of unique small images by several pushers into one repository. */
final class SmallPushes extends SteadyWorkload {
  private static final String REPOSITORY = "bench/small";

  SmallPushes(int pushers, Duration duration, Duration warmUp) {
    super(pushers, duration, warmUp);
  }

  @Override
  public String title() {
    return "push of small images, " + clients() + " pushers, one repository";
  }

  @Override
  public String unit() {
    return "images/s";
  }

  @Override
  Concurrent.Client client(RegistryUnderTest registry, String run, int number) throws IOException {
    SmallImagePusher pusher = new SmallImagePusher(registry, REPOSITORY);
    return new Concurrent.Client() {
      @Override
      public void step(int step) throws IOException {
        pusher.push(run + "-p" + number + "-" + step);
      }

      @Override
      public void close() throws IOException {
        pusher.close();
      }
    };
  }
}
