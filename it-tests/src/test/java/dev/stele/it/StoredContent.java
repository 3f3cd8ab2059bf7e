package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.oci.Digest;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** What a server's tags reach, against what its disk has: after collecting they are the same. */
final class StoredContent {
  private StoredContent() {}

  /** The digests of what a manifest refers to in that field. */
  static List<String> referred(JsonNode manifest, String field) {
    return manifest.path(field).valueStream().map(each -> each.get("digest").asText()).toList();
  }

  /** The digests of a manifest's layers and config. */
  static List<String> blobs(JsonNode manifest) {
    List<String> blobs = new ArrayList<>(referred(manifest, "layers"));
    if (manifest.has("config")) {
      blobs.add(manifest.get("config").get("digest").asText());
    }
    return blobs;
  }

  /** Waits until the collector has taken all that it can. */
  static void awaitCollected(RegistryClient client, Duration grace) throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofMinutes(1).toNanos();
    while (true) {
      JsonNode waiting = RegistryClient.json(client.send("GET", "/api/v1/gc")).get("waiting");
      long sum = 0;
      for (String what : List.of("manifests", "blobs", "content", "repositories", "behind")) {
        sum += waiting.get(what).asLong();
      }
      if (sum == 0) {
        break;
      }
      assertThat(System.nanoTime()).as("still waiting: %s", waiting).isLessThan(deadline);
      Thread.sleep(100);
    }
    // Objects are removed after the events that gave them up, and orphans after being seen for a
    // grace period.
    Thread.sleep(grace.multipliedBy(4));
  }

  /** Pulls all that has a tag, whole, and checks that the disk has that and nothing else. */
  static void assertDiskHasWhatIsLive(SteleProcess server, List<String> repositories)
      throws IOException {
    RegistryClient client = server.client();
    Set<String> live = new HashSet<>();
    for (String repository : repositories) {
      HttpResponse<byte[]> tags = client.send("GET", "/v2/" + repository + "/tags/list");
      if (tags.statusCode() == 200) {
        for (String tag : client.tags(repository)) {
          pull(client, repository, tag, live);
        }
      }
    }
    assertThat(onDisk(server.data())).isEqualTo(live);
  }

  private static void pull(
      RegistryClient client, String repository, String reference, Set<String> live) {
    Content content = client.manifest(repository, reference);
    JsonNode manifest = content.json();
    for (String blob : blobs(manifest)) {
      if (live.add(blob)) {
        Digest digest = Digest.parse(blob);
        assertThat(Digest.of(digest.algorithm(), client.blob(repository, digest)))
            .isEqualTo(digest);
      }
    }
    for (String child : referred(manifest, "manifests")) {
      pull(client, repository, child, live);
    }
  }

  private static Set<String> onDisk(Path data) throws IOException {
    Path objects = data.resolve("blobs").resolve("sha256");
    Set<String> stored = new HashSet<>();
    try (Stream<Path> files = Files.walk(objects)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        stored.add("sha256:" + file.getFileName().toString().replaceFirst("\\..*", ""));
      }
    }
    return stored;
  }
}
