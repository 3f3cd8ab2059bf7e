package dev.stele.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;

/** What clients do in the rehearsal, for the server to be seen at its usual work. */
final class RehearsalTraffic implements AutoCloseable {
  /** Where there is one image, with the tag {@code latest}. */
  static final String QUIET = "rehearsal/app";

  private static final String BUSY = "rehearsal/builds";
  private static final String OCTETS = "application/octet-stream";
  private static final int CLIENTS = 4;

  /** How often a client does something: so often that what is done at each request is seen. */
  private static final int IMAGES = 40;

  private static final int PULLS = 250;

  private static final int LAYER = 4096;
  private static final int LARGE_BLOB = 10 << 20;

  private final URI server;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  RehearsalTraffic(URI server) {
    this.server = server;
  }

  private interface Step {
    /**
     * Does something once.
     *
     * @param name no other step has it
     */
    void run(String name) throws IOException, InterruptedException;
  }

  /**
   * Pushes and pulls.
   *
   * @throws IOException if the server refuses something
   */
  void run() throws IOException, InterruptedException {
    steps(IMAGES, name -> pushImage(BUSY, name));
    pushImage(QUIET, "latest");
    steps(PULLS, _ -> send("GET", "/v2/" + QUIET + "/manifests/latest", OCTETS, new byte[0], 200));
    Digest large = pushBlob(QUIET, random(LARGE_BLOB));
    for (int pull = 0; pull < 2; pull++) {
      send("GET", "/v2/" + QUIET + "/blobs/" + large, OCTETS, new byte[0], 200);
    }
  }

  private static void steps(int times, Step step) throws IOException, InterruptedException {
    List<Future<Void>> clients = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int client = 0; client < CLIENTS; client++) {
        String prefix = "c" + client + "-";
        clients.add(
            threads.submit(
                () -> {
                  for (int number = 0; number < times; number++) {
                    step.run(prefix + number);
                  }
                  return null;
                }));
      }
      for (Future<Void> client : clients) {
        client.get();
      }
    } catch (ExecutionException e) {
      throw new IOException("a client failed: " + e.getCause().getMessage(), e.getCause());
    }
  }

  private void pushImage(String repository, String tag) throws IOException, InterruptedException {
    byte[] config = "{\"comment\":\"%s\"}".formatted(tag).getBytes(UTF_8);
    byte[] manifest =
        """
        {"schemaVersion":2,"mediaType":"%s",\
        "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%d},\
        "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"%s","size":%d}]}\
        """
            .formatted(
                MediaTypes.OCI_IMAGE,
                pushBlob(repository, config),
                config.length,
                pushBlob(repository, random(LAYER)),
                LAYER)
            .getBytes(UTF_8);
    String address = "/v2/" + repository + "/manifests/" + tag;
    send("PUT", address, MediaTypes.OCI_IMAGE, manifest, 201);
  }

  /** As clients do: a small blob with the PUT that ends the upload, a large one before that. */
  private Digest pushBlob(String repository, byte[] blob) throws IOException, InterruptedException {
    Digest digest = Digest.of(Digest.Algorithm.SHA256, blob);
    String uploads = "/v2/" + repository + "/blobs/uploads/";
    String upload = location(send("POST", uploads, OCTETS, new byte[0], 202));
    byte[] rest = blob;
    if (blob.length > LAYER) {
      upload = location(send("PATCH", upload, OCTETS, blob, 202));
      rest = new byte[0];
    }
    String separator = upload.contains("?") ? "&" : "?";
    send("PUT", upload + separator + "digest=" + digest, OCTETS, rest, 201);
    return digest;
  }

  private static String location(HttpResponse<byte[]> answer) {
    return answer.headers().firstValue("Location").orElseThrow();
  }

  private HttpResponse<byte[]> send(
      String method, String address, String mediaType, byte[] body, int expected)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(server.resolve(address))
            .header("Accept", MediaTypes.OCI_IMAGE)
            .header("Content-Type", mediaType)
            .method(method, BodyPublishers.ofByteArray(body))
            .build();
    HttpResponse<byte[]> answer = http.send(request, BodyHandlers.ofByteArray());
    if (answer.statusCode() != expected) {
      throw new IOException("%s %s: %d".formatted(method, address, answer.statusCode()));
    }
    return answer;
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    ThreadLocalRandom.current().nextBytes(bytes);
    return bytes;
  }

  @Override
  public void close() {
    http.close();
  }
}
