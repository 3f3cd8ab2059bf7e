package dev.stele.bench;

import dev.stele.oci.MediaTypes;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Function;

/** The same small request, of an image that was pushed, again and again on several connections. */
final class SmallReads extends SteadyWorkload {
  private static final String REPOSITORY = "bench/manifests";
  private static final String TAG = "latest";
  private static final String LISTS = "bench/lists";

  /** How many tags and repositories there are to be listed. */
  private static final int LISTED = 100;

  private final String what;
  private final String method;

  /** What is asked for, of an image that is there. */
  private final Function<SmallImagePusher.Image, String> address;

  private final int listed;

  private String target;

  /**
   * @param listed how many tags of a repository, and how many repositories, must be there
   */
  private SmallReads(
      String what,
      String method,
      Function<SmallImagePusher.Image, String> address,
      int listed,
      int connections,
      Duration duration,
      Duration warmUp) {
    super(connections, duration, warmUp);
    this.what = what;
    this.method = method;
    this.address = address;
    this.listed = listed;
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
        0,
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
        0,
        connections,
        duration,
        warmUp);
  }

  /** GET of the tags of a repository, without pages, since not every registry has those. */
  static SmallReads tagList(int connections, Duration duration, Duration warmUp) {
    return new SmallReads(
        "all %d tags of a repository".formatted(LISTED),
        "GET",
        _ -> LISTS + "/tags/list",
        LISTED,
        connections,
        duration,
        warmUp);
  }

  /** GET of the first page of repositories. */
  static SmallReads catalog(int connections, Duration duration, Duration warmUp) {
    return new SmallReads(
        "first %d repositories".formatted(LISTED),
        "GET",
        _ -> "_catalog?n=" + LISTED,
        LISTED,
        connections,
        duration,
        warmUp);
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
      for (int n = 0; n < listed && round == 0; n++) {
        pusher.push(LISTS, "t" + n);
        pusher.push(LISTS + "-" + n, TAG);
      }
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
