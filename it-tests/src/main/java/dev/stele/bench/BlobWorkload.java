package dev.stele.bench;

import dev.stele.oci.Digest;
import java.io.IOException;
import java.security.MessageDigest;

/** Pushing and pulling large blobs, each over one connection. */
final class BlobWorkload {
  private static final String REPOSITORY = "bench/blob";
  private static final String OCTETS = "Content-Type: application/octet-stream\r\n";

  private BlobWorkload() {}

  /**
   * Pushes with POST, one PATCH and PUT, as docker and podman do, a new blob in every round. The
   * time ends with the answer that the blob is kept.
   */
  static Workload push(long size) {
    return new Workload() {
      private GeneratedBlob blob = new GeneratedBlob(0, size);
      private int blobRound;

      @Override
      public String title() {
        return "push one blob of " + size / (1 << 20) + " MiB";
      }

      @Override
      public String unit() {
        return "MiB/s";
      }

      @Override
      public void prepare(RegistryUnderTest registry, int round) {
        if (blobRound != round) {
          blob = new GeneratedBlob(round, size);
          blobRound = round;
        }
      }

      @Override
      public Measured measure(RegistryUnderTest registry, int round) throws IOException {
        try (HttpConnection connection = registry.connect()) {
          long start = System.nanoTime();
          BlobWorkload.push(connection, blob);
          return Measured.rate(mebibytes(size) / seconds(start));
        }
      }
    };
  }

  /** Pulls a blob that was pushed before; before the first round it checks every byte of it. */
  static Workload pull(int clients, long size) {
    return new Workload() {
      private final GeneratedBlob blob = new GeneratedBlob(-1, size);

      @Override
      public String title() {
        return clients == 1
            ? "pull one blob of " + size / (1 << 20) + " MiB"
            : "pull a blob of %d MiB %d times at once".formatted(size / (1 << 20), clients);
      }

      @Override
      public String unit() {
        return "MiB/s";
      }

      @Override
      public void prepare(RegistryUnderTest registry, int round) throws IOException {
        if (round > 0) {
          return;
        }
        try (HttpConnection connection = registry.connect()) {
          BlobWorkload.push(connection, blob);
          MessageDigest hasher = Digest.Algorithm.SHA256.newHasher();
          connection.send("GET", path(), "", new byte[0], hasher::update).expect(200);
          Digest served = Digest.ofHash(Digest.Algorithm.SHA256, hasher.digest());
          if (!served.equals(blob.digest())) {
            throw new IOException(registry.name() + " served other bytes than were pushed");
          }
        }
      }

      @Override
      public Measured measure(RegistryUnderTest registry, int round)
          throws IOException, InterruptedException {
        return Measured.rate(
            mebibytes(size)
                * Concurrent.once(
                    clients,
                    _ -> {
                      try (HttpConnection connection = registry.connect()) {
                        long length = connection.send("GET", path(), "").expect(200).length();
                        if (length != size) {
                          throw new IOException(registry.name() + " served " + length + " bytes");
                        }
                      }
                    }));
      }

      private String path() {
        return "/v2/" + REPOSITORY + "/blobs/" + blob.digest();
      }
    };
  }

  /**
   * Finishes uploads whose bytes have all been sent: the last PUT alone. Where that takes the same
   * for a small and a large blob, nothing is copied.
   */
  static Workload finish(long size) {
    return new Workload() {
      private HttpConnection connection;
      private String finish;

      @Override
      public String title() {
        return "finish an upload of " + size / (1 << 20) + " MiB";
      }

      @Override
      public String unit() {
        return "1/s";
      }

      @Override
      public void prepare(RegistryUnderTest registry, int round) throws IOException {
        connection = registry.connect();
        finish = send(connection, REPOSITORY, new GeneratedBlob(500 + round, size));
      }

      @Override
      public Measured measure(RegistryUnderTest registry, int round) throws IOException {
        try (HttpConnection open = connection) {
          long start = System.nanoTime();
          open.send("PUT", finish, OCTETS).expect(201);
          return Measured.rate(1 / seconds(start));
        }
      }
    };
  }

  /** Pushes the same new blob into several repositories at once, which no registry can foresee. */
  static Workload pushMany(int uploads, long size) {
    return new Workload() {
      private GeneratedBlob blob = new GeneratedBlob(1000L * uploads, size);
      private int blobRound;

      @Override
      public String title() {
        return "push %d blobs of %d MiB at once".formatted(uploads, size / (1 << 20));
      }

      @Override
      public String unit() {
        return "MiB/s";
      }

      @Override
      public void prepare(RegistryUnderTest registry, int round) {
        if (blobRound != round) {
          blob = new GeneratedBlob(1000L * uploads + round, size);
          blobRound = round;
        }
      }

      @Override
      public Measured measure(RegistryUnderTest registry, int round)
          throws IOException, InterruptedException {
        return Measured.rate(
            mebibytes(size)
                * Concurrent.once(
                    uploads,
                    number -> {
                      try (HttpConnection connection = registry.connect()) {
                        push(connection, "bench/blob-" + number, blob);
                      }
                    }));
      }
    };
  }

  private static void push(HttpConnection connection, GeneratedBlob blob) throws IOException {
    push(connection, REPOSITORY, blob);
  }

  static void push(HttpConnection connection, String repository, GeneratedBlob blob)
      throws IOException {
    connection.send("PUT", send(connection, repository, blob), OCTETS).expect(201);
  }

  /** Sends a blob's bytes and answers the address of the PUT that finishes the upload. */
  private static String send(HttpConnection connection, String repository, GeneratedBlob blob)
      throws IOException {
    String upload =
        connection.send("POST", "/v2/" + repository + "/blobs/uploads/", "").expect(202).location();
    String patched =
        connection.send("PATCH", upload, OCTETS, blob.size(), blob.source()).expect(202).location();
    return patched + (patched.indexOf('?') < 0 ? "?" : "&") + "digest=" + blob.digest();
  }

  static double mebibytes(long bytes) {
    return bytes / (double) (1 << 20);
  }

  static double seconds(long startNanos) {
    return (System.nanoTime() - startNanos) / 1e9;
  }
}
