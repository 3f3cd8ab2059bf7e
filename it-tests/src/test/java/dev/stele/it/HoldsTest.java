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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Holds as people meet them: over HTTP and by command, against clients, retention and collector.
 */
@Order(SteleProcess.LONG)
class HoldsTest {
  @TempDir private Path folder;
  private SteleProcess server;
  private RegistryClient client;

  @BeforeEach
  void start() throws Exception {
    Path configuration = folder.resolve("stele.yaml");
    Files.writeString(
        configuration,
        """
        gc: {grace: 200ms, interval: 100ms}
        retention:
          policies:
            - repositories: ["legal/**", "team/**"]
              delete-untagged: true
              delete-referrers: true
              keep-tags: [{patterns: ["^keep"]}]
        tags:
          immutable: [{repositories: ["released/**"], patterns: ["^v[0-9]"]}]
        """);
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

  private HttpResponse<byte[]> post(String path, String body) {
    return client.send("POST", path, body.getBytes(UTF_8), "Content-Type", "application/json");
  }

  private static String text(HttpResponse<byte[]> answer) {
    return new String(answer.body(), UTF_8);
  }

  private SteleProcess.CommandResult stele(String... arguments) throws Exception {
    return SteleProcess.run(
        Stream.concat(Stream.of(arguments), Stream.of("--data", server.data().toString()))
            .toArray(String[]::new));
  }

  private void await(String what, java.util.function.BooleanSupplier condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(() -> what + "\n" + server.logTail()).isLessThan(deadline);
      Thread.sleep(50);
    }
  }

  private boolean gone(String repository) {
    return client.send("GET", "/v2/" + repository + "/tags/list").statusCode() == 404;
  }

  @Test
  void aHoldOutranksClientsRetentionAndCollectorUntilItIsReleased() throws Exception {
    HttpResponse<byte[]> placed =
        post("/api/v1/holds", "{\"repositories\":\"legal/**\",\"reason\":\"Case 7, ask counsel\"}");
    assertThat(placed.statusCode()).as(text(placed)).isEqualTo(201);
    String id = RegistryClient.json(placed).required("id").asText();
    assertThat(RegistryClient.header(placed, "Location")).isEqualTo("/api/v1/holds/" + id);

    ImageFixture.Image image = SmallImages.image("evidence");
    client.push("legal/app", "v1", image);
    client.push("team/app", "v1", SmallImages.image("no evidence"));
    byte[] unused = "never used".getBytes(UTF_8);
    client.pushBlob("legal/app", unused);
    await("team/app goes, tag by retention and all else by the collector", () -> gone("team/app"));

    for (String reference : List.of("v1", image.manifest().digest().toString())) {
      HttpResponse<byte[]> refused =
          client.send("DELETE", RegistryClient.manifestPath("legal/app", reference));
      assertThat(refused.statusCode()).isEqualTo(403);
      JsonNode error = RegistryClient.json(refused).required("errors").get(0);
      assertThat(error.required("code").asText()).isEqualTo("DENIED");
      assertThat(error.required("message").asText())
          .contains("held", id, "placed by anonymous at 20", "Case 7, ask counsel", "release");
    }
    client.push("legal/app", "v2", image);
    assertThat(client.tags("legal/app")).containsExactly("v1", "v2");
    for (Content content : image.contents()) {
      assertThat(
              content.equals(image.manifest())
                  ? client.manifest("legal/app", "v1").bytes()
                  : client.blob("legal/app", content.digest()))
          .isEqualTo(content.bytes());
    }

    HttpResponse<byte[]> released =
        post("/api/v1/holds/" + id + "/release", "{\"reason\":\"closed\"}");
    assertThat(released.statusCode()).as(text(released)).isEqualTo(200);
    assertThat(RegistryClient.json(released).required("released").required("reason").asText())
        .isEqualTo("closed");
    await("what is released goes as everything does", () -> gone("legal/app"));
    assertThat(
            client.eventsOf("legal/app").stream()
                .filter(event -> event.type().equals("TagDeleted"))
                .count())
        .isEqualTo(2);
    assertThat(client.events().stream().map(RecordedEvent::type))
        .contains("HoldPlaced", "HoldReleased");
    SteleProcess.CommandResult fsck = stele("fsck", "--deep");
    assertThat(fsck.output()).contains("0 damaged, gone or not looked at");
    assertThat(stele("projections", "verify").exitStatus()).isZero();
  }

  @Test
  void commandsPlaceListAndReleaseBesideTheServer() throws Exception {
    client.push("free/app", "prod", SmallImages.image("one"));
    SteleProcess.CommandResult placed =
        stele(
            "hold",
            "place",
            "free/app",
            "--tag",
            "prod",
            "--freeze",
            "--reason",
            "audit",
            "--json");
    assertThat(placed.exitStatus()).as(placed.output()).isZero();
    String id = placed.output().replaceAll("(?s).*\"id\":\"([^\"]+)\".*", "$1");
    // By the process's user id, whatever Java is told.
    String user = ProcessHandle.current().info().user().orElseThrow();
    assertThat(placed.output())
        .contains("\"actor\":\"cli:" + user + "\"", "\"repositories\":\"free/app\"")
        .doesNotContain("coversNothing");

    ImageFixture.Image two = SmallImages.image("two");
    client.push("free/app", "next", two);
    HttpResponse<byte[]> move =
        client.send(
            "PUT",
            RegistryClient.manifestPath("free/app", "prod"),
            two.manifest().bytes(),
            "Content-Type",
            two.manifest().mediaType());
    assertThat(move.statusCode()).isEqualTo(403);
    assertThat(text(move)).contains("tag prod of free/app is held", id, "audit");

    SteleProcess.CommandResult list = stele("hold", "list");
    assertThat(list.output()).contains(id, "free/app", "prod", "audit");
    SteleProcess.CommandResult released = stele("hold", "release", id, "--reason", "done");
    assertThat(released.output()).contains("Hold " + id + " on tag prod of free/app is released");
    assertThat(stele("hold", "release", id, "--reason", "again").output())
        .as("who did so first, and when")
        .isEqualTo(released.output());
    assertThat(stele("hold", "list").output()).doesNotContain(id);
    assertThat(stele("hold", "list", "--all", "--csv").output()).contains(id, "done");
    client.push("free/app", "prod", two);

    assertThat(stele("hold", "release", "00000000-0000-0000-0000-000000000000", "--reason", "x"))
        .satisfies(
            unknown -> {
              assertThat(unknown.exitStatus()).isEqualTo(1);
              assertThat(unknown.output()).contains("there is no hold");
            });
    assertThat(stele("hold", "place", "free/[", "--reason", "x"))
        .satisfies(
            wrong -> {
              assertThat(wrong.exitStatus()).isEqualTo(2);
              assertThat(wrong.output()).contains("is not a glob");
            });
  }

  @Test
  void whatIsWrongWithABodyIsSaid() {
    Map<String, String> wrong =
        Map.of(
            "{\"repositories\":\"a\",\"reason\":\"x\",\"tagg\":\"v1\"}",
            "\\\"tagg\\\" is not known; known are id, repositories, tag",
            "{\"repositories\":\"a\"}",
            "reason is missing",
            "{\"reason\":\"x\"}",
            "repositories is missing",
            "{\"repositories\":\"[\",\"reason\":\"x\"}",
            "repositories is not a glob",
            "{\"repositories\":\"a\",\"reason\":\" \"}",
            "reason must say why",
            "{\"repositories\":\"a\",\"reason\":\"x\",\"freeze\":\"yes\"}",
            "freeze must be true or false",
            "{\"repositories\":\"a\",\"reason\":\"x\",\"id\":\"7\"}",
            "id must be a UUID",
            "{\"repositories\":",
            "the body is not JSON",
            "[]",
            "the body must be a JSON object",
            "",
            "the body must be a JSON object");
    wrong.forEach(
        (body, message) -> {
          HttpResponse<byte[]> answer = post("/api/v1/holds", body);
          assertThat(answer.statusCode()).as(body).isEqualTo(400);
          assertThat(text(answer)).as(body).contains(message);
        });
    assertThat(post("/api/v1/holds", " ".repeat(100_000)).statusCode()).isEqualTo(413);
    assertThat(client.send("GET", "/api/v1/holds/7").statusCode()).isEqualTo(404);
    assertThat(RegistryClient.json(client.send("GET", "/api/v1/holds")).required("items"))
        .isEmpty();
  }

  @Test
  void anImmutableTagIsCreatedOnce() throws Exception {
    ImageFixture.Image one = SmallImages.image("one");
    client.push("released/app", "v1", one);
    client.push("released/app", "v1", one);
    client.push("released/app", "latest", SmallImages.image("two"));
    ImageFixture.Image two = SmallImages.image("two");
    HttpResponse<byte[]> moved =
        client.send(
            "PUT",
            RegistryClient.manifestPath("released/app", "v1"),
            two.manifest().bytes(),
            "Content-Type",
            two.manifest().mediaType());
    assertThat(moved.statusCode()).isEqualTo(409);
    assertThat(text(moved)).contains("DENIED", "immutable", "push under another tag");
    for (String reference : List.of("v1", one.manifest().digest().toString())) {
      assertThat(
              client
                  .send("DELETE", RegistryClient.manifestPath("released/app", reference))
                  .statusCode())
          .isEqualTo(409);
    }
    assertThat(client.manifest("released/app", "v1").bytes()).isEqualTo(one.manifest().bytes());
  }
}
