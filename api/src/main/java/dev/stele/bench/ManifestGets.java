package dev.stele.bench;

import dev.stele.oci.MediaTypes;
import java.io.IOException;
import java.time.Duration;

/** GET of a manifest by its tag, again and again on several connections. */
final class ManifestGets implements Workload {
  private static final String REPOSITORY = "bench/manifests";
  private static final String TAG = "latest";

  private final int connections;
  private final Duration duration;
  private final Duration warmUp;

  ManifestGets(int connections, Duration duration, Duration warmUp) {
    this.connections = connections;
    this.duration = duration;
    this.warmUp = warmUp;
  }

  @Override
  public String title() {
    return "manifest GET by tag, " + connections + " connections";
  }

  @Override
  public String unit() {
    return "requests/s";
  }

  @Override
  public void prepare(RegistryUnderTest registry, int round)
      throws IOException, InterruptedException {
    if (round == 0) {
      try (SmallImagePusher pusher = new SmallImagePusher(registry, REPOSITORY)) {
        pusher.push(TAG);
      }
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
        connections,
        time,
        number -> {
          HttpConnection connection = registry.connect();
          return new Concurrent.Client() {
            @Override
            public void step(int step) throws IOException {
              connection
                  .send(
                      "GET",
                      "/v2/" + REPOSITORY + "/manifests/" + TAG,
                      "Accept: " + MediaTypes.OCI_IMAGE + "\r\n")
                  .expect(200);
            }

            @Override
            public void close() throws IOException {
              connection.close();
            }
          };
        });
  }
}
