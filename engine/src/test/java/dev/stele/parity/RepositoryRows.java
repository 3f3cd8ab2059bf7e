package dev.stele.parity;

import static dev.stele.registry.TestClient.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.ImageIndex;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.TestManifest;
import dev.stele.registry.Outcome;
import dev.stele.registry.Page;
import dev.stele.registry.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rows 1 to 5. */
abstract class RepositoryRows extends ParityRows {
  RepositoryRows(Callable<ParityStorage> storages) {
    super(storages);
  }

  @Test
  @DisplayName("1: the blobs of a repository that does not exist are none, and it is not created")
  void listsBlobsOfNothing() throws Exception {
    assertThat(registry.blobs(APP, Optional.empty(), 10)).isEqualTo(new Page<>(List.of(), false));
    assertThat(registry.exists(APP)).isFalse();
    assertThat(types()).isEmpty();

    List<Digest> uploaded = new ArrayList<>();
    for (String content : List.of("a", "b", "c")) {
      uploaded.add(upload(APP, content));
    }
    uploaded.sort(null);
    Page<Digest> first = registry.blobs(APP, Optional.empty(), 2);
    assertThat(first).isEqualTo(new Page<>(uploaded.subList(0, 2), true));
    assertThat(registry.blobs(APP, Optional.of(first.items().getLast()), 2))
        .isEqualTo(new Page<>(uploaded.subList(2, 3), false));
  }

  @Test
  @DisplayName("2: a repository is valid once initialised; a malformed name is an error")
  void initialisesOnce() {
    assertRefused(registry.validate(APP), new Refusal.UnknownRepository(APP));
    assertThat(types()).isEmpty();
    assertThat(registry.initialise(ALICE, APP)).isTrue();
    assertThat(registry.validate(APP)).isEqualTo(Outcome.ok(APP));
    assertThat(registry.initialise(ALICE, APP)).isFalse();
    assertThat(types()).containsExactly("RepositoryCreated");
    for (String name : List.of("", "Team/App", "a//b", "/a", "a/", "a b", "a:b", "\uD800")) {
      assertThatThrownBy(() -> RepositoryName.parse(name)).isInstanceOf(InvalidNameException.class);
    }
  }

  @Test
  @DisplayName("3: an initialised repository is listed, without tags; an unknown one is an error")
  void tellsEmptyFromUnknown() {
    boolean created = registry.initialise(ALICE, APP);
    assertThat(created).isTrue();
    assertThat(registry.repositories(Optional.empty(), 10))
        .isEqualTo(new Page<>(List.of(APP), false));
    assertThat(tags(APP)).isEmpty();
    assertThat(registry.index(APP)).isEqualTo(Outcome.ok(ImageIndex.of(List.of())));
    Refusal unknown = new Refusal.UnknownRepository(OTHER);
    assertRefused(registry.tags(OTHER, Optional.empty(), 10), unknown);
    assertRefused(registry.index(OTHER), unknown);
    assertRefused(registry.manifest(OTHER, V1), unknown);
    assertRefused(registry.manifest(OTHER, by(digest("x"))), unknown);
  }

  @Test
  @DisplayName("4: repositories page, and iterate one by one to the end")
  void pagesRepositories() {
    List<RepositoryName> names = new ArrayList<>();
    for (String name : List.of("a", "a-b", "a/b", "a/c", "b")) {
      names.add(RepositoryName.parse(name));
      boolean created = registry.initialise(ALICE, names.getLast());
      assertThat(created).isTrue();
    }
    assertThat(registry.repositories(Optional.empty(), 2))
        .isEqualTo(new Page<>(names.subList(0, 2), true));
    assertThat(registry.repositories(Optional.of("a-b"), 3))
        .isEqualTo(new Page<>(names.subList(2, 5), false));
    assertThat(registry.repositories(Optional.of("a/bb"), 1))
        .as("after a name that is none")
        .isEqualTo(new Page<>(names.subList(3, 4), true));

    List<RepositoryName> iterated = new ArrayList<>();
    Page<RepositoryName> next = registry.repositories(Optional.empty(), 1);
    while (next.more()) {
      iterated.addAll(next.items());
      next = registry.repositories(Optional.of(iterated.getLast().value()), 1);
    }
    iterated.addAll(next.items());
    assertThat(iterated).isEqualTo(names);
    assertThat(registry.repositories(Optional.of("b"), 1)).isEqualTo(new Page<>(List.of(), false));
  }

  @Test
  @DisplayName("5: the index content has a row a tag and one for an untagged digest")
  void givesIndexContent() throws Exception {
    Digest config = upload(APP, "{}");
    TestManifest tagged = TestManifest.image(config);
    TestManifest untagged = TestManifest.image(config, config);
    put(APP, V2, tagged);
    put(APP, V1, tagged);
    put(APP, tagged);
    put(APP, V3, untagged);
    Digest unused = ok(registry.deleteTag(ALICE, APP, V3));
    assertThat(unused).isEqualTo(untagged.digest());
    assertThat(registry.index(APP))
        .isEqualTo(
            Outcome.ok(
                ImageIndex.of(
                    List.of(
                        descriptor(tagged, Map.of(ImageIndex.REF_NAME, "v1")),
                        descriptor(tagged, Map.of(ImageIndex.REF_NAME, "v2")),
                        descriptor(untagged, Map.of())))));
  }

  private static Descriptor descriptor(TestManifest manifest, Map<String, String> annotations) {
    return new Descriptor(
        manifest.mediaType(),
        manifest.digest(),
        manifest.bytes().length,
        Optional.empty(),
        annotations);
  }

  @Test
  @DisplayName("5: unreadable storage is an error, never an empty index")
  void reportsUnreadableIndex() throws Exception {
    pushImage(APP, V1, "layer");
    asOwner("ALTER TABLE manifest RENAME TO manifest_away");
    assertThatThrownBy(() -> registry.index(APP)).hasMessageContaining("manifest");
    asOwner("ALTER TABLE manifest_away RENAME TO manifest");
    assertThat(ok(registry.index(APP)).manifests()).hasSize(1);
  }
}
