package dev.stele.bench;

import java.io.IOException;
import java.time.Duration;

/** Pushes of unique small images by several pushers into one repository. */
final class SmallPushes implements Workload {
  private static final String REPOSITORY = "bench/small";

  private final int pushers;
  private final Duration duration;
  private final Duration warmUp;

  SmallPushes(int pushers, Duration duration, Duration warmUp) {
    this.pushers = pushers;
    this.duration = duration;
    this.warmUp = warmUp;
  }

  @Override
  public String title() {
    return "push of small images, " + pushers + " pushers, one repository";
  }

  @Override
  public String unit() {
    return "images/s";
  }

  @Override
  public void prepare(RegistryUnderTest registry, int round)
      throws IOException, InterruptedException {
    if (round == 0) {
      rate(registry, "warm", warmUp);
    }
  }

  @Override
  public double measure(RegistryUnderTest registry, int round)
      throws IOException, InterruptedException {
    return rate(registry, "r" + round, duration);
  }

  private double rate(RegistryUnderTest registry, String run, Duration time)
      throws IOException, InterruptedException {
    return Concurrent.rate(
        pushers,
        time,
        number -> {
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
        });
  }
}
