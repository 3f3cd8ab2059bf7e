package dev.stele.bench;

import java.io.IOException;
import java.time.Duration;

/** Pushes of unique small images by several pushers into one repository or in turn into many. */
final class SmallPushes extends SteadyWorkload {
  private final int repositories;

  SmallPushes(int pushers, int repositories, Duration duration, Duration warmUp) {
    super(pushers, duration, warmUp);
    this.repositories = repositories;
  }

  @Override
  public String title() {
    return "push of small images, %d pushers, %s"
        .formatted(
            clients(), repositories == 1 ? "one repository" : repositories + " repositories");
  }

  @Override
  public String unit() {
    return "images/s";
  }

  @Override
  Concurrent.Client client(RegistryUnderTest registry, String run, int number) throws IOException {
    SmallImagePusher pusher = new SmallImagePusher(registry);
    return new Concurrent.Client() {
      @Override
      public void step(int step) throws IOException {
        pusher.push(
            "bench/small-" + (number + step) % repositories, run + "-p" + number + "-" + step);
      }

      @Override
      public void close() throws IOException {
        pusher.close();
      }
    };
  }
}
