package dev.stele.it;

import static dev.stele.it.ErrorAnswers.assertError;
import static dev.stele.it.RegistryClient.OCTETS;
import static dev.stele.it.RegistryClient.header;
import static dev.stele.it.RegistryClient.manifestPath;
import static dev.stele.it.RegistryClient.withQuery;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Three servers over one database and one bucket, each asked by name. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ManyNodesTest {
  private static final int MIB = 1 << 20;

  private SharedStorage storage;
  private Nodes nodes;
  private List<RegistryClient> clients;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    storage = SharedStorage.open();
    nodes = Nodes.start(folder, 3, storage.environment());
    clients = IntStream.range(0, 3).mapToObj(i -> nodes.node(i).client()).toList();
  }

  @AfterAll
  void stop() throws Exception {
    try (SharedStorage _ = storage;
        Nodes first = nodes) {
      first.stop();
    }
  }

  private static byte[] bytes(int size, long seed) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static HttpResponse<byte[]> patch(
      RegistryClient client, String location, byte[] content, int from, int to) {
    return client.send(
        "PATCH",
        location,
        Arrays.copyOfRange(content, from, to),
        "Content-Type",
        OCTETS,
        "Content-Range",
        from + "-" + (to - 1));
  }

  @Test
  void anUploadIsBegunPatchedAndFinishedOnThreeNodes() {
    // Shorter than a part of the bucket's, and of several parts with a tail.
    for (int size : new int[] {1000, 20 * MIB + 17}) {
      byte[] content = bytes(size, size);
      Digest digest = Digest.of(Digest.Algorithm.SHA256, content);
      String location = clients.get(0).startUpload("nodes/upload");
      int third = size / 3;
      HttpResponse<byte[]> first = patch(clients.get(1), location, content, 0, third);
      assertThat(first.statusCode()).isEqualTo(202);
      HttpResponse<byte[]> status = clients.get(2).send("GET", header(first, "Location"));
      assertThat(status.statusCode()).isEqualTo(204);
      assertThat(header(status, "Range")).isEqualTo("0-" + (third - 1));
      HttpResponse<byte[]> second =
          patch(clients.get(0), header(status, "Location"), content, third, 2 * third);
      assertThat(second.statusCode()).isEqualTo(202);
      HttpResponse<byte[]> put =
          clients
              .get(2)
              .send(
                  "PUT",
                  withQuery(header(second, "Location"), "digest", digest.toString()),
                  Arrays.copyOfRange(content, 2 * third, size),
                  "Content-Type",
                  OCTETS);
      assertThat(put.statusCode()).isEqualTo(201);
      for (RegistryClient client : clients) {
        assertThat(client.blob("nodes/upload", digest)).isEqualTo(content);
        assertError(client.send("GET", location), 404, "BLOB_UPLOAD_UNKNOWN");
      }
    }
  }

  @Test
  void anUploadIsCancelledOnAnotherNode() {
    String location = clients.get(0).startUpload("nodes/cancelled");
    byte[] content = bytes(9 * MIB, 1);
    assertThat(patch(clients.get(1), location, content, 0, content.length).statusCode())
        .isEqualTo(202);
    assertThat(clients.get(2).send("DELETE", location).statusCode()).isEqualTo(204);
    for (RegistryClient client : clients) {
      assertError(client.send("GET", location), 404, "BLOB_UPLOAD_UNKNOWN");
      assertError(client.send("DELETE", location), 404, "BLOB_UPLOAD_UNKNOWN");
    }
  }

  @Test
  void aChunkOutOfOrderIsAnswered416OnEveryNode() {
    byte[] content = bytes(300, 2);
    String location = clients.get(0).startUpload("nodes/order");
    assertThat(patch(clients.get(0), location, content, 0, 100).statusCode()).isEqualTo(202);
    for (RegistryClient client : clients) {
      HttpResponse<byte[]> answer = patch(client, location, content, 200, 300);
      assertThat(answer.statusCode()).isEqualTo(416);
      assertThat(header(answer, "Range")).isEqualTo("0-99");
    }
  }

  /** Each change is made on one node and looked for on the next at once. */
  @Test
  void everyNodeReadsWhatAnotherHasJustWritten() {
    String repository = "nodes/reads";
    for (int i = 0; i < 30; i++) {
      RegistryClient writer = clients.get(i % 3);
      RegistryClient reader = clients.get((i + 1) % 3);
      ImageFixture.Image image = SmallImages.image("read your writes " + i);
      Digest layer = image.layers().getFirst().digest();
      writer.push(repository, "moving", image);
      assertThat(reader.manifest(repository, "moving").bytes())
          .as("image %d", i)
          .isEqualTo(image.manifest().bytes());
      assertThat(reader.blob(repository, layer)).isEqualTo(image.layers().getFirst().bytes());
      assertThat(reader.tags(repository)).containsExactly("moving");
      assertThat(
              reader.send("DELETE", manifestPath(repository, image.manifest().digest().toString())))
          .extracting(HttpResponse::statusCode)
          .isEqualTo(202);
      assertThat(writer.hasTag(repository, "moving")).isFalse();
      assertThat(writer.send("DELETE", RegistryClient.blobPath(repository, layer)).statusCode())
          .isEqualTo(202);
      assertThat(reader.hasBlob(repository, layer)).isFalse();
      assertThat(writer.tags(repository)).isEmpty();
    }
  }

  /** Two nodes that append to one upload at once: one may be refused, but no byte gets mixed up. */
  @Test
  void twoNodesThatUseOneUploadAtOnceSpoilNothing() throws Exception {
    byte[] content = bytes(400_000, 3);
    Digest digest = Digest.of(Digest.Algorithm.SHA256, content);
    int finished = 0;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int round = 0; round < 10; round++) {
        String repository = "nodes/together-" + round;
        String location = clients.get(2).startUpload(repository);
        List<Future<HttpResponse<byte[]>>> patches =
            IntStream.range(0, 2)
                .mapToObj(
                    i ->
                        threads.submit(
                            () -> patch(clients.get(i), location, content, 0, content.length)))
                .toList();
        for (Future<HttpResponse<byte[]>> each : patches) {
          // 409 or 429 while the other is at it, 416 after it.
          assertThat(each.get().statusCode()).isIn(202, 409, 416, 429);
        }
        HttpResponse<byte[]> put =
            clients
                .get(2)
                .send("PUT", withQuery(location, "digest", digest.toString()), new byte[0]);
        assertThat(put.statusCode()).isIn(201, 400, 404);
        if (put.statusCode() == 201) {
          finished++;
          assertThat(clients.get(round % 3).blob(repository, digest)).isEqualTo(content);
        } else {
          assertThat(clients.get(round % 3).hasBlob(repository, digest)).isFalse();
        }
      }
    }
    assertThat(finished).as("finished in spite of that").isPositive();
  }
}
