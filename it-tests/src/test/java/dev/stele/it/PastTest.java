package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.oci.Digest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * The past as people meet it: ordinary clients pull it, programs ask for it, and whoever wants what
 * is no longer kept is told when and why it went.
 */
@ResourceLock("podman") // Its locks are the machine's, whatever its storage.
class PastTest {
  private static final String NAME = "team/app";
  private static final Duration GRACE = Duration.ofSeconds(2);
  private static final DateTimeFormatter COMPACT =
      DateTimeFormatter.ofPattern("uuuuMMdd't'HHmmss.SSSSSS'z'").withZone(ZoneOffset.UTC);

  @TempDir private Path folder;
  private SteleProcess server;
  private RegistryClient client;

  @BeforeEach
  void start() throws Exception {
    Path configuration = folder.resolve("stele.yaml");
    Files.writeString(
        configuration, "gc:\n  grace: 2s\n  interval: 200ms\npulls:\n  record: every\n");
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

  private static Program skopeo() {
    return Program.onPath("skopeo").with("--insecure-policy");
  }

  private Program podman() throws Exception {
    Path containers = folder.resolve("containers.conf");
    Files.writeString(
        containers,
        """
        [engine]
        runtime = "runc"
        cgroup_manager = "cgroupfs"
        events_logger = "none"
        [containers]
        default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
        """);
    return Program.onPath("podman")
        .withEnvironment("CONTAINERS_CONF", containers.toString())
        .with("--root", folder.resolve("podman").toString())
        .with("--runroot", folder.resolve("podman-run").toString())
        .with("--storage-driver", "vfs");
  }

  private String image(String moment) {
    return client.authority() + "/at/" + moment + "/" + NAME + ":prod";
  }

  private long newest() {
    return ask("tags").required("at").required("position").asLong();
  }

  private JsonNode ask(String what) {
    HttpResponse<byte[]> answer = client.send("GET", "/api/v1/repositories/" + NAME + "/-/" + what);
    assertThat(answer.statusCode()).as(new String(answer.body(), UTF_8)).isEqualTo(200);
    return RegistryClient.json(answer);
  }

  private static void assertLayoutHas(Path layout, List<Content> contents) {
    for (Content content : contents) {
      assertThat(layout.resolve("blobs").resolve("sha256").resolve(content.digest().hex()))
          .hasBinaryContent(content.bytes());
    }
  }

  @Test
  void clientsPullWhatATagWasBeforeItMoved() throws Exception {
    ImageFixture.Image old = ImageFixture.image(1);
    client.push(NAME, "prod", old);
    long position = newest();
    Instant before = recordedAt(position);
    client.push(NAME, "prod", ImageFixture.image(2));

    Path out = folder.resolve("out");
    skopeo()
        .run(
            "copy",
            "--src-tls-verify=false",
            "docker://" + image("p" + position),
            "oci:" + out + ":v");
    assertLayoutHas(out, old.contents());
    Path byTime = folder.resolve("by-time");
    skopeo()
        .run(
            "copy",
            "--src-tls-verify=false",
            "docker://" + image(COMPACT.format(before)),
            "oci:" + byTime + ":v");
    assertLayoutHas(byTime, old.contents());
    Program podman = podman();
    podman.run("pull", "--quiet", "--tls-verify=false", image("p" + position));
    assertThat(podman.run("run", "--rm", "--network=none", image("p" + position)))
        .isEqualTo(ImageFixture.greeting(1));

    assertThat(client.eventsOf(NAME))
        .filteredOn(event -> event.type().equals("PullsObserved"))
        .isNotEmpty()
        .allMatch(event -> event.tag().isEmpty())
        .allMatch(event -> event.digest().equals(old.manifest().digest().toString()));
  }

  private Instant recordedAt(long position) {
    return client.eventsOf(NAME).stream()
        .filter(event -> event.position() == position)
        .findFirst()
        .orElseThrow()
        .recordedAt();
  }

  @Test
  void whoeverPullsWhatWasSweptIsToldWhenAndWhy() throws Exception {
    ImageFixture.Image old = ImageFixture.image(1);
    client.push(NAME, "prod", old);
    client.push(NAME, "prod", SmallImages.image("new"));
    long position = newest();
    Digest digest = old.manifest().digest();
    long whole =
        client.eventsOf(NAME).stream()
            .filter(event -> event.type().equals("TagMoved"))
            .findFirst()
            .orElseThrow()
            .position();
    assertThat(
            client
                .send("DELETE", RegistryClient.manifestPath(NAME, digest.toString()))
                .statusCode())
        .isEqualTo(202);
    String layer = old.layers().getFirst().digest().toString();
    String layerThen = "/v2/at/p" + position + "/" + NAME + "/blobs/" + layer;
    // Within grace everything is still there, though the repository lacks the manifest.
    String manifestThen = "/v2/at/p" + whole + "/" + NAME + "/manifests/prod";
    assertThat(client.send("GET", manifestThen).body()).isEqualTo(old.manifest().bytes());
    assertThat(client.send("GET", layerThen).body()).isEqualTo(old.layers().getFirst().bytes());

    awaitGone(layerThen);
    String when =
        client.eventsOf(NAME).stream()
            .filter(event -> event.type().equals("ManifestDeleted"))
            .findFirst()
            .map(
                event ->
                    "anonymous deleted manifest %s at %s"
                        .formatted(digest, event.recordedAt().toString().substring(0, 19)))
            .orElseThrow();
    for (Program program :
        List.of(
            skopeo().with("inspect", "--tls-verify=false", "docker://" + image("p" + whole)),
            podman().with("pull", "--quiet", "--tls-verify=false", image("p" + whole)))) {
      assertThatThrownBy(() -> program.run())
          .hasMessageContaining("was there at position " + whole)
          .hasMessageContaining(when)
          .hasMessageContaining("its bytes were deleted at 2");
    }

    JsonNode error = RegistryClient.json(client.send("GET", layerThen)).required("errors").get(0);
    assertThat(error.required("code").asText()).isEqualTo("BLOB_UNKNOWN");
    assertThat(error.required("detail").required("events"))
        .extracting(event -> event.required("type").asText())
        .containsExactly("ManifestDeleted", "BlobUnlinked", "BlobSwept");
    assertThat(Duration.parse(error.required("detail").required("unreachableFor").asText()))
        .isGreaterThanOrEqualTo(GRACE);
    HttpResponse<byte[]> document = client.send("GET", "/api/v1/manifests/" + digest);
    assertThat(document.body()).isEqualTo(old.manifest().bytes());
    assertThat(RegistryClient.header(document, "Content-Type"))
        .isEqualTo(old.manifest().mediaType());
  }

  private void awaitGone(String path) throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (client.send("GET", path).statusCode() != 404) {
      assertThat(System.nanoTime()).as(() -> server.logTail()).isLessThan(deadline);
      Thread.sleep(100);
    }
  }

  @Test
  void thePastIsReadOnlyAndReadsLikeThePresent() {
    ImageFixture.Image image = SmallImages.image("one");
    client.push(NAME, "prod", image);
    Content signature = SmallImages.referrer(image, image.manifest(), "application/signature");
    client.putManifest(NAME, signature.digest().toString(), signature);
    long position = newest();
    client.push(NAME, "later", SmallImages.image("two"));
    assertThat(
            client
                .send("DELETE", RegistryClient.manifestPath(NAME, signature.digest().toString()))
                .statusCode())
        .isEqualTo(202);
    String then = "/v2/at/p" + position + "/" + NAME;

    for (String[] write :
        new String[][] {
          {"PUT", then + "/manifests/prod"},
          {"DELETE", then + "/manifests/prod"},
          {"DELETE", then + "/blobs/" + image.config().digest()},
          {"POST", then + "/blobs/uploads/"},
          {"PATCH", then + "/blobs/uploads/" + "1"}
        }) {
      HttpResponse<byte[]> answer = client.send(write[0], write[1]);
      assertThat(answer.statusCode()).isEqualTo(405);
      assertThat(new String(answer.body(), UTF_8)).contains("UNSUPPORTED", "the past is read-only");
    }
    assertThat(RegistryClient.json(client.send("GET", then + "/tags/list")).required("tags"))
        .extracting(JsonNode::asText)
        .containsExactly("prod");
    assertThat(
            RegistryClient.json(
                    client.send("GET", then + "/referrers/" + image.manifest().digest()))
                .required("manifests"))
        .extracting(descriptor -> descriptor.required("digest").asText())
        .containsExactly(signature.digest().toString());
    HttpResponse<byte[]> head = client.send("HEAD", then + "/manifests/prod");
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(RegistryClient.header(head, "Docker-Content-Digest"))
        .isEqualTo(image.manifest().digest().toString());
    Content layer = image.layers().getFirst();
    String blob = then + "/blobs/" + layer.digest();
    assertThat(RegistryClient.header(client.send("HEAD", blob), "Content-Length"))
        .isEqualTo(Integer.toString(layer.bytes().length));
    HttpResponse<byte[]> part = client.send("GET", blob, "Range", "bytes=1-3");
    assertThat(part.statusCode()).isEqualTo(206);
    assertThat(part.body()).isEqualTo(java.util.Arrays.copyOfRange(layer.bytes(), 1, 4));
    // The first event is that the server began.
    assertThat(
            RegistryClient.json(client.send("GET", "/v2/at/p1/_catalog")).required("repositories"))
        .extracting(JsonNode::asText)
        .containsExactly(NAME);
    assertThat(client.send("GET", "/v2/at/p1/" + NAME + "/manifests/prod").statusCode())
        .isEqualTo(404);
    assertThat(new String(client.send("GET", "/v2/at/p99999/" + NAME + "/tags/list").body(), UTF_8))
        .contains("has not passed yet");
    HttpResponse<byte[]> noDate = client.send("GET", "/v2/at/20260230t000000z/x/tags/list");
    assertThat(noDate.statusCode()).isEqualTo(400);
    assertThat(new String(noDate.body(), UTF_8)).contains("no such date");

    // What is no moment stays a name.
    client.push("at/foo/app", "prod", image);
    assertThat(client.tags("at/foo/app")).containsExactly("prod");
    client.push("at/p7", "prod", image);
    assertThat(client.tags("at/p7")).containsExactly("prod");
  }

  @Test
  void auditorsListAndCompareMoments() {
    ImageFixture.Image one = SmallImages.image("one");
    ImageFixture.Image two = SmallImages.image("two");
    client.push(NAME, "prod", one);
    client.putManifest(NAME, "old", one.manifest());
    long from = newest();
    client.push(NAME, "prod", two);
    client.putManifest(NAME, "new", two.manifest());
    client.send("DELETE", RegistryClient.manifestPath(NAME, "old"));

    JsonNode tags = ask("tags?at=p" + from).required("items");
    assertThat(tags)
        .extracting(tag -> tag.required("name").asText() + " " + tag.required("digest").asText())
        .containsExactly("old " + one.manifest().digest(), "prod " + one.manifest().digest());
    assertThat(ask("manifests?at=p" + from).required("items")).hasSize(1);
    assertThat(ask("manifests").required("items")).hasSize(2);
    assertThat(ask("referrers/" + one.manifest().digest() + "?at=p" + from).required("items"))
        .isEmpty();
    JsonNode diff = ask("diff?from=p" + from);
    assertThat(diff.required("items"))
        .extracting(
            change ->
                change.path("name").asText(change.path("to").asText())
                    + " "
                    + change.required("change").asText())
        .containsExactly(
            "new added", "old removed", "prod moved", two.manifest().digest() + " added");

    HttpResponse<byte[]> page =
        client.send("GET", "/api/v1/repositories/" + NAME + "/-/diff?limit=3&from=p" + from);
    String next = RegistryClient.header(page, "Link").replaceFirst("<(.*)>.*", "$1");
    JsonNode second = RegistryClient.json(client.send("GET", next));
    assertThat(second.required("items"))
        .extracting(change -> change.required("kind").asText())
        .containsExactly("manifest");
    assertThat(
            RegistryClient.json(client.send("GET", "/api/v1/repositories?at=p" + from))
                .required("items"))
        .extracting(each -> each.required("repository").asText())
        .containsExactly(NAME);
    assertThat(client.send("GET", "/api/v1/repositories?at=yesterday").statusCode()).isEqualTo(400);
  }
}
