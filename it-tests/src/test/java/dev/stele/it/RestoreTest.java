package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What was deleted is restored and pulled by a real client; what was swept is told with its fate.
 */
@Order(SteleProcess.LONG)
class RestoreTest {
  private static final String NAME = "team/app";
  private static final Duration GRACE = Duration.ofSeconds(1);

  @TempDir private Path folder;
  private SteleProcess server;
  private RegistryClient client;

  private void start(String gc) throws Exception {
    Path configuration = folder.resolve("stele.yaml");
    Files.writeString(configuration, "gc: {enabled: false, grace: 1s" + gc + "}\n");
    server =
        SteleProcess.start(
            folder.resolve("data"),
            Map.of(),
            List.of(),
            List.of("--config", configuration.toString()));
    client = server.client();
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private SteleProcess.CommandResult stele(String... arguments) throws Exception {
    return SteleProcess.run(
        Stream.concat(
                Stream.of(arguments),
                Stream.of(
                    "--data",
                    server.data().toString(),
                    "--config",
                    folder.resolve("stele.yaml").toString()))
            .toArray(String[]::new));
  }

  private HttpResponse<byte[]> restore(String body) {
    return client.send(
        "POST",
        "/api/v1/repositories/" + NAME + "/-/restore",
        body.getBytes(UTF_8),
        "Content-Type",
        "application/json");
  }

  private static JsonNode ok(HttpResponse<byte[]> answer) {
    assertThat(answer.statusCode()).as(new String(answer.body(), UTF_8)).isEqualTo(200);
    return RegistryClient.json(answer);
  }

  private long newest() {
    return client.events().getLast().position();
  }

  private void delete(String reference) {
    assertThat(client.send("DELETE", RegistryClient.manifestPath(NAME, reference)).statusCode())
        .isEqualTo(202);
  }

  private void deleteAll(ImageFixture.Image image) {
    delete(image.manifest().digest().toString());
    for (Content content : image.contents()) {
      if (!content.equals(image.manifest())) {
        assertThat(
                client.send("DELETE", RegistryClient.blobPath(NAME, content.digest())).statusCode())
            .isEqualTo(202);
      }
    }
  }

  private void pull(String tag, ImageFixture.Image expected) throws Exception {
    Path layout = folder.resolve("pulled-" + tag + "-" + System.nanoTime());
    Program.onPath("skopeo")
        .with("--insecure-policy")
        .run(
            "copy",
            "--src-tls-verify=false",
            "docker://" + client.authority() + "/" + NAME + ":" + tag,
            "oci:" + layout + ":v");
    for (Content content : expected.contents()) {
      assertThat(layout.resolve("blobs").resolve("sha256").resolve(content.digest().hex()))
          .hasBinaryContent(content.bytes());
    }
  }

  @Test
  void whatWasDeletedIsRestoredAndPulledByteForByte() throws Exception {
    start("");
    ImageFixture.Image image = ImageFixture.image(1);
    client.push(NAME, "prod", image);
    long then = newest();
    client.push(NAME, "prod", SmallImages.image("newer"));
    deleteAll(image);

    JsonNode dryRun = ok(restore("{\"at\":\"p" + then + "\",\"dryRun\":true}"));
    assertThat(dryRun.required("restored").asBoolean()).isFalse();
    assertThat(dryRun.required("items")).isNotEmpty().noneMatch(item -> item.has("problem"));
    assertThat(client.manifest(NAME, "prod").digest()).isNotEqualTo(image.manifest().digest());

    JsonNode done = ok(restore("{\"at\":\"p" + then + "\",\"tag\":\"prod\"}"));
    assertThat(done.required("restored").asBoolean()).isTrue();
    assertThat(done.required("items")).isEqualTo(dryRun.required("items"));
    pull("prod", image);
    assertThat(client.events().getLast().type()).isEqualTo("TagRestored");

    delete("prod");
    SteleProcess.CommandResult preview =
        stele("restore", NAME, "--at", "p" + then, "--dry-run", "--json");
    assertThat(preview.exitStatus()).as(preview.output()).isZero();
    assertThat(preview.output()).contains("\"kind\":\"tag\"", "\"tag\":\"prod\"");
    assertThat(client.hasTag(NAME, "prod")).isFalse();
    SteleProcess.CommandResult restored = stele("restore", NAME, "--at", "p" + then);
    assertThat(restored.output()).contains("1 restored as of position " + then);
    pull("prod", image);
    assertThat(stele("projections", "verify").exitStatus()).isZero();
  }

  @Test
  void afterASweepTheRefusalSaysWhenAndWhy() throws Exception {
    start("");
    ImageFixture.Image image = ImageFixture.image(1);
    client.push(NAME, "prod", image);
    ImageFixture.Image other = SmallImages.image("kept");
    client.push(NAME, "next", other);
    long then = newest();
    delete(image.manifest().digest().toString());
    delete("next");
    stele("gc");
    Thread.sleep(GRACE.plusMillis(500));
    stele("gc");
    assertThat(client.events().stream().map(RecordedEvent::type))
        .filteredOn(type -> type.equals("BlobSwept"))
        .hasSize(image.contents().size() - 1);
    // Those blobs, the manifest and its tag; the other tag could be.
    int gone = image.contents().size() + 1;
    String cannot = gone + " of " + (gone + 1) + " cannot be restored";
    long before = newest();

    HttpResponse<byte[]> refused = restore("{\"at\":\"p" + then + "\"}");
    assertThat(refused.statusCode()).isEqualTo(409);
    JsonNode error = RegistryClient.json(refused).required("errors").get(0);
    assertThat(error.required("message").asText())
        .contains(
            cannot + ", so nothing was",
            "anonymous deleted manifest " + image.manifest().digest() + " at 20",
            "the collector removed it from the repository at 20",
            "its bytes were deleted at 20");
    assertThat(error.required("detail").required("impossible")).hasSize(gone);
    assertThat(newest()).isEqualTo(before);

    SteleProcess.CommandResult command = stele("restore", NAME, "--at", "p" + then);
    assertThat(command.exitStatus()).isEqualTo(1);
    assertThat(command.output()).contains("its bytes were deleted at 20", cannot);
    assertThat(ok(restore("{\"at\":\"p" + then + "\",\"available\":true}")).required("items"))
        .hasSize(gone + 1);
    assertThat(client.manifest(NAME, "next").bytes()).isEqualTo(other.manifest().bytes());
    for (Content layer : other.layers()) {
      assertThat(client.blob(NAME, layer.digest())).isEqualTo(layer.bytes());
    }
    assertThat(client.hasTag(NAME, "prod")).isFalse();
  }

  @Test
  void theRecyclePeriodIsToldAndKept() throws Exception {
    start(", recycle: 1h");
    ImageFixture.Image image = ImageFixture.image(1);
    client.push(NAME, "prod", image);
    long then = newest();
    deleteAll(image);
    stele("gc");
    Thread.sleep(GRACE.plusMillis(500));
    assertThat(stele("gc", "--dry-run").output()).contains("0 would go", "1h", "gc.recycle");
    assertThat(stele("gc").output()).contains("0 manifests and 0 blobs");
    assertThat(RegistryClient.json(client.send("GET", "/api/v1/gc")).required("recycle").asText())
        .isEqualTo("PT1H");
    ok(restore("{\"at\":\"p" + then + "\"}"));
    pull("prod", image);
  }

  @Test
  void whatIsWrongWithARequestIsSaid() throws Exception {
    start("");
    client.push(NAME, "prod", SmallImages.image("one"));
    Map<String, Integer> wrong =
        Map.of(
            "{}", 400,
            "{\"at\":\"yesterday\"}", 400,
            "{\"at\":\"p0\",\"tags\":[]}", 400,
            "{\"at\":\"p999999\"}", 404,
            "{\"at\":\"p0\",\"tag\":\"none\"}", 404,
            "{\"at\":\"p0\",\"tag\":\"!\"}", 400);
    wrong.forEach(
        (body, status) ->
            assertThat(restore(body).statusCode()).as(body).isEqualTo(status.intValue()));
  }
}
