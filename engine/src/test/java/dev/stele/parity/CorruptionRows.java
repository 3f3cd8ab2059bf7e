package dev.stele.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.BlobStores;
import dev.stele.oci.Digest;
import dev.stele.oci.Manifest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.TestManifest;
import dev.stele.registry.EventEntry;
import dev.stele.registry.RegistryOptions;
import dev.stele.verify.Finding;
import dev.stele.verify.Scrub;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rows 27 and 28. */
abstract class CorruptionRows extends ParityRows {
  private static final long UNLIMITED = Long.MAX_VALUE;

  private final List<Finding> findings = new ArrayList<>();

  CorruptionRows(Callable<ParityStorage> storages) {
    super(storages);
  }

  @Test
  @DisplayName("27: an object of wrong size reads as absent, and pushing it again repairs it")
  void repairsWrongSize() throws Exception {
    Digest config = upload(APP, "{}");
    Digest layer = upload(APP, "a layer");
    put(APP, V1, TestManifest.image(config, layer));
    Digest childLayer = upload(APP, "a layer of a child");
    TestManifest child = TestManifest.image(config, childLayer);
    put(APP, child);
    put(APP, V2, TestManifest.index(child.digest()));
    Digest artifact = upload(APP, "a blob of an artifact");
    put(APP, V3, TestManifest.orasArtifact(child.digest(), artifact));
    for (String content : List.of("a layer", "a layer of a child", "a blob of an artifact")) {
      Digest blob = digest(content);
      overwrite(blob, content + " and more");
      assertUnknownBlob(APP, blob);
      assertThat(registry.mount(ALICE, OTHER, blob, Optional.of(APP))).isFalse();
      upload(APP, content);
      overwrite(blob, "");
      assertUnknownBlob(APP, blob);
      upload(OTHER, content);
      assertReads(APP, blob, content);
    }
    assertThat(events("BlobRepaired")).hasSize(6);
  }

  @Test
  @DisplayName("27: a truly empty blob is valid")
  void keepsEmptyBlob() throws Exception {
    Digest empty = upload(APP, "");
    put(APP, V1, TestManifest.image(empty, empty));
    assertReads(APP, empty, "");
    assertThat(scrub().sound()).isTrue();
    assertThat(objects()).hasSize(1);
  }

  private Scrub.Summary scrub() throws Exception {
    findings.clear();
    return registry.stores().scrub(ALICE, UNLIMITED, findings::add, (_, _, _) -> {});
  }

  @Test
  @DisplayName("28: scrubbing finds rot of the right size and what is gone, and goes on after it")
  void scrubs() throws Exception {
    for (String content : List.of("rotten", "short", "gone", "whole")) {
      pushImage(APP, V1, content);
    }
    assertThat(scrub()).isEqualTo(new Scrub.Summary(4, 8, 76, 0, 0));
    overwrite(digest("rotten"), "ROTTEN");
    overwrite(digest("short"), "shor");
    remove(digest("gone"));
    assertThat(read(APP, digest("rotten"))).as("only a whole look shows it").isEqualTo("ROTTEN");

    Scrub.Summary summary = scrub();
    assertThat(summary.sound()).isFalse();
    assertThat(summary.objects()).isEqualTo(8);
    assertThat(summary.damages()).isEqualTo(3);
    assertThat(summary.recorded()).isEqualTo(3);
    assertThat(findings)
        .containsExactlyInAnyOrder(
            new Finding.ObjectContent(
                BlobStores.DEFAULT,
                digest("rotten"),
                objectKey(digest("rotten")),
                digest("ROTTEN")),
            new Finding.ObjectSize(
                BlobStores.DEFAULT, digest("short"), objectKey(digest("short")), 5, 4),
            new Finding.ObjectMissing(
                BlobStores.DEFAULT, digest("gone"), objectKey(digest("gone"))));
    assertThat(events("BlobCorruptionFound"))
        .extracting(event -> event.data().get("problem").asText())
        .containsExactlyInAnyOrder("CONTENT", "SIZE", "MISSING");
    assertThat(events("BlobCorruptionFound"))
        .extracting(event -> event.cause().get("kind").asText())
        .containsOnly("OBSERVATION");
    for (String damaged : List.of("rotten", "short", "gone")) {
      assertUnknownBlob(APP, digest(damaged));
    }
    assertThat(registry.mount(ALICE, OTHER, digest("rotten"), Optional.of(APP))).isFalse();

    Scrub.Summary again = scrub();
    assertThat(again.damages()).as("they are still there").isEqualTo(3);
    assertThat(again.recorded()).as("and known").isZero();
    for (String damaged : List.of("rotten", "short", "gone")) {
      upload(OTHER, damaged);
      assertReads(APP, digest(damaged), damaged);
    }
    assertThat(events("BlobRepaired")).hasSize(3);
    assertThat(scrub()).isEqualTo(new Scrub.Summary(4, 8, 76, 0, 0));
  }

  @Test
  @DisplayName("28: what was restored by hand is found intact and reads again")
  void findsRestoredObjects() throws Exception {
    Digest blob = upload(APP, "layer");
    overwrite(blob, "LAYER");
    assertThat(scrub().recorded()).isEqualTo(1);
    overwrite(blob, "lay");
    assertThat(scrub().recorded()).as("another problem").isEqualTo(1);
    overwrite(blob, "LAYER");
    assertThat(scrub().damages()).isEqualTo(1);
    assertUnknownBlob(APP, blob);
    overwrite(blob, "layer");
    assertUnknownBlob(APP, blob);
    assertThat(scrub()).isEqualTo(new Scrub.Summary(0, 1, 5, 0, 1));
    assertReads(APP, blob, "layer");
    assertThat(types())
        .containsExactly(
            "RepositoryCreated",
            "BlobUploaded",
            "BlobCorruptionFound",
            "BlobCorruptionFound",
            "BlobCorruptionFound",
            "BlobFoundIntact");
    assertThat(events("BlobFoundIntact"))
        .extracting(EventEntry::actor)
        .contains(Optional.of("alice"));
  }

  @Test
  @DisplayName("28: scrubbing finds a missing child, config or layer of a manifest")
  void findsMissingContent() throws Exception {
    reopen(RegistryOptions.DEFAULT.withSparseManifests(true));
    Digest absent = digest("absent");
    Digest config = upload(APP, "{}");
    Digest other = digest("other");
    Digest image = put(APP, V1, TestManifest.image(absent, config, other));
    Digest index = put(APP, V2, TestManifest.index(absent, image));
    put(
        APP,
        V3,
        TestManifest.image(
            MediaTypes.OCI_IMAGE,
            "application/vnd.oci.image.layer.nondistributable.v1.tar",
            config,
            absent));
    assertThat(scrub().sound()).as("where sparse manifests are accepted").isTrue();
    assertThat(findings)
        .containsExactlyInAnyOrder(
            new Finding.ContentMissing(APP, image, Manifest.Role.CONFIG, absent, true),
            new Finding.ContentMissing(APP, image, Manifest.Role.LAYER, other, true),
            new Finding.ContentMissing(APP, index, Manifest.Role.CHILD, absent, true));
    upload(APP, "absent");
    assertThat(scrub().objects()).isEqualTo(2);
    assertThat(findings)
        .as("a blob will do for whoever lists it")
        .containsExactly(new Finding.ContentMissing(APP, image, Manifest.Role.LAYER, other, true));
  }
}
