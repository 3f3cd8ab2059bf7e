package dev.stele.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** While the database or a store is away, clients are asked to come again; then all goes on. */
class OutageAnswersTest {
  private static final byte[] BLOB = {1, 2, 3};
  private static final Digest DIGEST = Digest.of(Digest.Algorithm.SHA256, BLOB);

  @TempDir private Path folder;
  private RegistryOnTestDatabase beneath;
  private SteleServer server;
  private final HttpClient client = HttpClient.newHttpClient();

  @BeforeEach
  void start() throws Exception {
    beneath = new RegistryOnTestDatabase(folder.resolve("blobs"));
    server = beneath.serve();
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    server.close();
    beneath.close();
  }

  @Test
  void withoutItsStoreTheServerAsksToTryAgain() throws Exception {
    assertThat(push().statusCode()).isEqualTo(201);
    assertThat(get("/readyz").statusCode()).isEqualTo(200);
    Files.move(folder.resolve("blobs"), folder.resolve("away"));
    // Otherwise the folder would merely lack the blob.
    Files.writeString(folder.resolve("blobs"), "no folder");

    for (HttpResponse<String> answer : List.of(push(), begin(), get("/v2/app/blobs/" + DIGEST))) {
      assertUnavailable(answer, "the blob store default cannot be used now");
    }
    HttpResponse<String> ready = get("/readyz");
    assertThat(ready.statusCode()).isEqualTo(503);
    assertThat(ready.body()).contains("blob store default cannot be used");
    assertThat(get("/livez").statusCode()).isEqualTo(200);
    assertThat(get("/metrics").body())
        .contains(
            "stele_store_calls_seconds_count{operation=\"begin\",outcome=\"failed\",store=\"default\"}"
                + " 1");

    Files.delete(folder.resolve("blobs"));
    Files.move(folder.resolve("away"), folder.resolve("blobs"));
    assertThat(get("/readyz").statusCode()).isEqualTo(200);
    assertThat(get("/v2/app/blobs/" + DIGEST).statusCode()).isEqualTo(200);
    assertThat(push().statusCode()).isEqualTo(201);
  }

  @Test
  void withoutItsDatabaseTheServerAsksToTryAgain() throws Exception {
    assertThat(push().statusCode()).isEqualTo(201);
    beneath.suspendDatabase();
    for (HttpResponse<String> answer : List.of(push(), get("/v2/app/blobs/" + DIGEST))) {
      assertUnavailable(answer, "the database is away");
    }
    HttpResponse<String> ready = get("/readyz");
    assertThat(ready.statusCode()).isEqualTo(503);
    assertThat(ready.body()).contains("the database is away");
    assertThat(get("/livez").statusCode()).isEqualTo(200);

    beneath.resumeDatabase();
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (get("/readyz").statusCode() != 200) {
      // The pool pauses between its attempts.
      assertThat(System.nanoTime()).isLessThan(deadline);
    }
    assertThat(get("/v2/app/blobs/" + DIGEST).statusCode()).isEqualTo(200);
    assertThat(push().statusCode()).isEqualTo(201);
  }

  private static void assertUnavailable(HttpResponse<String> answer, String message) {
    String request = answer.request().toString();
    assertThat(answer.statusCode()).as(request).isEqualTo(503);
    assertThat(answer.headers().firstValue("Retry-After")).as(request).contains("5");
    assertThat(answer.body()).as(request).contains("\"code\":\"UNAVAILABLE\"", message);
  }

  private HttpResponse<String> push() throws Exception {
    return send(
        request("/v2/app/blobs/uploads/?digest=" + DIGEST).POST(BodyPublishers.ofByteArray(BLOB)));
  }

  private HttpResponse<String> begin() throws Exception {
    return send(request("/v2/app/blobs/uploads/").POST(BodyPublishers.noBody()));
  }

  private HttpResponse<String> get(String path) throws Exception {
    return send(request(path).GET());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://" + server.address() + path));
  }

  private HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return client.send(request.build(), BodyHandlers.ofString());
  }
}
