package dev.stele.bench;

import java.io.IOException;
import java.time.Duration;

/** New tags for one image, in one repository that has more and more of them. */
final class TagPuts extends SteadyWorkload {
  static final String REPOSITORY = "bench/tags";

  TagPuts(int clients, Duration duration, Duration warmUp) {
    super(clients, duration, warmUp);
  }

  @Override
  public String title() {
    return "new tags for an image, " + clients() + " clients, one repository";
  }

  @Override
  public String unit() {
    return "tags/s";
  }

  @Override
  Concurrent.Client client(RegistryUnderTest registry, String run, int number) throws IOException {
    SmallImagePusher pusher = new SmallImagePusher(registry);
    byte[] manifest = pusher.push(REPOSITORY, run + "-" + number).manifest();
    return new Concurrent.Client() {
      @Override
      public void step(int step) throws IOException {
        pusher.put(REPOSITORY, run + "-" + number + "-" + step, manifest);
      }

      @Override
      public void close() throws IOException {
        pusher.close();
      }
    };
  }
}
