package dev.stele.bench;

import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Function;

/** The same small request, of an image that was pushed, again and again on several connections. */
final class SmallReads extends SteadyWorkload {
  private static final String REPOSITORY = "bench/manifests";
  private static final String TAG = "latest";

  private final String what;
  private final String method;

  /** What is asked for below the repository, by the digest of the image's layer. */
  private final Function<Digest, String> path;

  private String target;

  private SmallReads(
      String what,
      String method,
      Function<Digest, String> path,
      int connections,
      Duration duration,
      Duration warmUp) {
    super(connections, duration, warmUp);
    this.what = what;
    this.method = method;
    this.path = path;
  }

  /** GET of a manifest by its tag. */
  static SmallReads manifestGets(int connections, Duration duration, Duration warmUp) {
    return new SmallReads(
        "manifest GET by tag", "GET", _ -> "manifests/" + TAG, connections, duration, warmUp);
  }

  /** HEAD of a blob, as a client asks before it pushes. */
  static SmallReads blobHeads(int connections, Duration duration, Duration warmUp) {
    return new SmallReads(
        "blob HEAD", "HEAD", layer -> "blobs/" + layer, connections, duration, warmUp);
  }

  @Override
  public String title() {
    return what + ", " + clients() + " connections";
  }

  @Override
  public String unit() {
    return "requests/s";
  }

  @Override
  public void prepare(RegistryUnderTest registry, int round)
      throws IOException, InterruptedException {
    try (SmallImagePusher pusher = new SmallImagePusher(registry, REPOSITORY)) {
      target = "/v2/" + REPOSITORY + "/" + path.apply(pusher.push(TAG));
    }
    super.prepare(registry, round);
  }

  @Override
  Concurrent.Client client(RegistryUnderTest registry, String run, int number) throws IOException {
    HttpConnection connection = registry.connect();
    return new Concurrent.Client() {
      @Override
      public void step(int step) throws IOException {
        connection.send(method, target, "Accept: " + MediaTypes.OCI_IMAGE + "\r\n").expect(200);
      }

      @Override
      public void close() throws IOException {
        connection.close();
      }
    };
  }
}
