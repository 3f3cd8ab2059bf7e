package dev.stele.bench;

import dev.stele.oci.Digest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Blobs of one size that several clients push into a repository and pull from it, each pushed one
 * with content of its own, which the client hashes before, in the same time, as clients do.
 */
final class BlobTraffic extends SteadyWorkload {
  private static final String REPOSITORY = "bench/blobs";

  /** How many there are to be pulled. */
  private static final int PULLED = 4;

  private final String what;
  private final int pulls;
  private final int of;
  private final int mebibytes;
  private final List<Digest> pulled = new ArrayList<>();

  /**
   * @param pulls how many steps of so many are pulls
   */
  private BlobTraffic(
      String what,
      int pulls,
      int of,
      int clients,
      int mebibytes,
      Duration duration,
      Duration warmUp) {
    super(clients, duration, warmUp);
    this.what = what;
    this.pulls = pulls;
    this.of = of;
    this.mebibytes = mebibytes;
  }

  static BlobTraffic pushes(int clients, int mebibytes, Duration duration, Duration warmUp) {
    return new BlobTraffic("push of blobs", 0, 1, clients, mebibytes, duration, warmUp);
  }

  static BlobTraffic pulls(int clients, int mebibytes, Duration duration, Duration warmUp) {
    return new BlobTraffic("pull of blobs", 1, 1, clients, mebibytes, duration, warmUp);
  }

  static BlobTraffic mixed(int clients, int mebibytes, Duration duration, Duration warmUp) {
    return new BlobTraffic(
        "3 pulls and a push of blobs", 3, 4, clients, mebibytes, duration, warmUp);
  }

  @Override
  public String title() {
    return "%s of %d MiB, %d clients".formatted(what, mebibytes, clients());
  }

  @Override
  public String unit() {
    return "blobs/s";
  }

  @Override
  public void prepare(RegistryUnderTest registry, int round)
      throws IOException, InterruptedException {
    pulled.clear();
    try (HttpConnection connection = registry.connect()) {
      for (int n = 0; n < PULLED && pulls > 0; n++) {
        pulled.add(push(connection));
      }
    }
    super.prepare(registry, round);
  }

  private Digest push(HttpConnection connection) throws IOException {
    GeneratedBlob blob =
        new GeneratedBlob(ThreadLocalRandom.current().nextLong(), (long) mebibytes << 20);
    BlobWorkload.push(connection, REPOSITORY, blob);
    return blob.digest();
  }

  @Override
  Concurrent.Client client(RegistryUnderTest registry, String run, int number) throws IOException {
    HttpConnection connection = registry.connect();
    return new Concurrent.Client() {
      @Override
      public void step(int step) throws IOException {
        if ((step + number) % of < pulls) {
          Digest digest = pulled.get((step + number) % PULLED);
          connection.send("GET", "/v2/" + REPOSITORY + "/blobs/" + digest, "").expect(200);
        } else {
          push(connection);
        }
      }

      @Override
      public void close() throws IOException {
        connection.close();
      }
    };
  }
}
