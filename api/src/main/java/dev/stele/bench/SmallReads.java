package dev.stele.bench;

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

  /** What is asked for, of an image that is there. */
  private final Function<SmallImagePusher.Image, String> address;

  private String target;

  private SmallReads(
      String what,
      String method,
      Function<SmallImagePusher.Image, String> address,
      int connections,
      Duration duration,
      Duration warmUp) {
    super(connections, duration, warmUp);
    this.what = what;
    this.method = method;
    this.address = address;
  }

  /** GET of a manifest by its tag. */
  static SmallReads byTag(int connections, Duration duration, Duration warmUp) {
    return manifest("manifest GET by tag", _ -> TAG, connections, duration, warmUp);
  }

  /** GET of a manifest by its digest. */
  static SmallReads byDigest(int connections, Duration duration, Duration warmUp) {
    return manifest(
        "manifest GET by digest",
        image -> image.digest().toString(),
        connections,
        duration,
        warmUp);
  }

  private static SmallReads manifest(
      String what,
      Function<SmallImagePusher.Image, String> reference,
      int connections,
      Duration duration,
      Duration warmUp) {
    return new SmallReads(
        what,
        "GET",
        image -> REPOSITORY + "/manifests/" + reference.apply(image),
        connections,
        duration,
        warmUp);
  }

  /** HEAD of a blob, as a client asks before it pushes. */
  static SmallReads blobHeads(int connections, Duration duration, Duration warmUp) {
    return new SmallReads(
        "blob HEAD",
        "HEAD",
        image -> REPOSITORY + "/blobs/" + image.layer(),
        connections,
        duration,
        warmUp);
  }

  /** GET of the first page of the tags that {@link TagPuts} left. */
  static SmallReads tagList(int connections, Duration duration, Duration warmUp) {
    return new SmallReads(
        "first 100 tags of many",
        "GET",
        _ -> TagPuts.REPOSITORY + "/tags/list?n=100",
        connections,
        duration,
        warmUp);
  }

  /** GET of the first page of repositories. */
  static SmallReads catalog(int connections, Duration duration, Duration warmUp) {
    return new SmallReads(
        "first 100 repositories", "GET", _ -> "_catalog?n=100", connections, duration, warmUp);
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
    try (SmallImagePusher pusher = new SmallImagePusher(registry)) {
      target = "/v2/" + address.apply(pusher.push(REPOSITORY, TAG));
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
