package dev.stele.parity;

import static dev.stele.registry.TestClient.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.database.Database;
import dev.stele.database.DatabaseException;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.Manifest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.registry.EventEntry;
import dev.stele.registry.EventFilter;
import dev.stele.registry.Outcome;
import dev.stele.registry.Refusal;
import dev.stele.registry.RegistryOptions;
import dev.stele.registry.StoredManifest;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rows 29 to 31. */
abstract class StoreRows extends ParityRows {
  private static final int CLIENTS = 1000;

  StoreRows(Callable<ParityStorage> storages) {
    super(storages);
  }

  @Test
  @DisplayName("29: names route to stores by their first path segment, all others to the default")
  void routes() throws Exception {
    reopen(RegistryOptions.DEFAULT, "a", "team");
    Map<String, String> expected =
        Map.of(
            "a/b",
            "a",
            "a/b/c",
            "a",
            "team/app",
            "team",
            "a",
            "default",
            "name",
            "default",
            "ab/c",
            "default",
            "b/a",
            "default");
    for (String name : expected.keySet()) {
      RepositoryName repository = RepositoryName.parse(name);
      // Distinct tags do not change where a repository's blobs lie.
      pushImage(repository, V1, "a layer of " + name);
      pushImage(repository, V2, "another layer of " + name);
    }
    Map<String, List<String>> stores = new HashMap<>();
    for (EventEntry event : events("BlobUploaded")) {
      stores
          .computeIfAbsent(event.repository().orElseThrow(), _ -> new ArrayList<>())
          .add(event.data().get("store").asText());
    }
    assertThat(stores).hasSize(expected.size());
    stores.forEach(
        (name, used) -> assertThat(used).as(name).hasSize(4).containsOnly(expected.get(name)));
    assertThat(objects()).hasSize(16);

    Digest shared = upload(RepositoryName.parse("a/b"), "in store a only");
    assertThat(registry.mount(ALICE, RepositoryName.parse("a/d"), shared, Optional.empty()))
        .isTrue();
    assertThat(registry.mount(ALICE, RepositoryName.parse("team/d"), shared, Optional.empty()))
        .as("the bytes are in another store")
        .isFalse();
  }

  @Test
  @DisplayName("30: what cannot be used is refused at the start: a folder, a bucket, a database")
  void refusesAtStart() {
    assertThatThrownBy(() -> storage.openUnusable())
        .isInstanceOf(IOException.class)
        .message()
        .isNotBlank();
    assertThatThrownBy(
            () ->
                Database.open(
                    new Database.Settings("jdbc:postgresql://127.0.0.1:1/none", "nobody", "", 1),
                    new SimpleMeterRegistry()))
        .isInstanceOf(DatabaseException.class)
        .hasMessageContaining("127.0.0.1:1");
  }

  @Test
  @DisplayName("31: a thousand readers and writers at once finish, in some serial order")
  void servesAThousandAtOnce() throws Exception {
    Digest config = upload(APP, "{}");
    List<Tag> tags = List.of(V1, V2, V3);
    for (Tag tag : tags) {
      put(APP, tag, TestManifest.image(config));
    }
    List<Callable<Void>> clients = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      Tag tag = tags.get(i % tags.size());
      String layer = "layer " + i;
      clients.add(
          switch (i % 4) {
            case 0 -> () -> done(pushLayered(tag, config, layer));
            case 1 -> () -> done(registry.deleteTag(ALICE, APP, tag));
            default -> () -> pullWhole(tag);
          });
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Void> client : threads.invokeAll(clients)) {
        client.get();
      }
    }
    assertSerial(tags.size() + CLIENTS / 4);
  }

  private Digest pushLayered(Tag tag, Digest config, String layer) throws IOException {
    return put(APP, tag, TestManifest.image(config, upload(APP, layer)));
  }

  private static Void done(Object answer) {
    assertThat(answer).isNotNull();
    return null;
  }

  /** Whoever sees a tag can pull all that it points to, then and later. */
  private Void pullWhole(Tag tag) throws Exception {
    switch (registry.manifest(APP, tag)) {
      case Outcome.Ok<StoredManifest>(StoredManifest manifest) -> {
        assertThat(digest(manifest.bytes())).isEqualTo(manifest.digest());
        Manifest parsed = Manifest.parse(manifest.mediaType(), manifest.bytes());
        for (Descriptor layer : parsed.layers()) {
          assertThat(digest(read(APP, layer.digest()))).isEqualTo(layer.digest());
        }
      }
      case Outcome.Refused<StoredManifest>(Refusal refusal) ->
          assertThat(refusal).isEqualTo(new Refusal.UnknownManifest(APP, tag));
    }
    return null;
  }

  /** Each event follows from those before it, and the end is where they lead. */
  private void assertSerial(int puts) {
    Map<String, String> pointing = new HashMap<>();
    int manifests = 0;
    for (EventEntry event : registry.log().events(-1, 100 * CLIENTS, EventFilter.ALL)) {
      switch (event.type()) {
        case "ManifestPut" -> manifests++;
        case "TagMoved" -> {
          String previous = pointing.put(text(event, "tag"), text(event, "digest"));
          assertThat(text(event, "previous")).isEqualTo(previous);
        }
        case "TagDeleted" ->
            assertThat(pointing.remove(text(event, "tag"))).isEqualTo(text(event, "digest"));
        default -> assertThat(event.type()).isIn("RepositoryCreated", "BlobUploaded");
      }
    }
    assertThat(manifests).isEqualTo(puts);
    assertThat(tags(APP))
        .extracting(Tag::value)
        .containsExactlyInAnyOrderElementsOf(pointing.keySet());
    pointing.forEach(
        (tag, digest) ->
            assertThat(ok(registry.manifest(APP, Tag.parse(tag))).digest().toString())
                .isEqualTo(digest));
  }

  private static String text(EventEntry event, String field) {
    return event.data().hasNonNull(field) ? event.data().get(field).asText() : null;
  }
}
