package dev.stele.parity;

import static dev.stele.registry.TestClient.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.TestManifest;
import dev.stele.registry.Outcome;
import dev.stele.registry.Refusal;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rows 22 to 26. */
abstract class BlobRows extends ParityRows {
  BlobRows(Callable<ParityStorage> storages) {
    super(storages);
  }

  private void assertInUse(Digest blob, Digest by) {
    assertRefused(registry.deleteBlob(ALICE, APP, blob), new Refusal.Referenced(blob, List.of(by)));
  }

  private void assertDeletes(Digest blob) throws Exception {
    assertThat(registry.deleteBlob(ALICE, APP, blob)).isEqualTo(Outcome.ok(blob));
    assertUnknownBlob(APP, blob);
    assertRefused(registry.deleteBlob(ALICE, APP, blob), new Refusal.UnknownBlob(APP, blob));
  }

  @Test
  @DisplayName("22: a layer, config or manifest in use cannot be deleted as a blob, then it can")
  void keepsBlobsInUse() throws Exception {
    Digest config = upload(APP, "{}");
    Digest layer = upload(APP, "layer");
    assertDeletes(upload(APP, "unused"));
    Digest image = put(APP, V1, TestManifest.image(config, layer));
    assertInUse(config, image);
    assertInUse(layer, image);
    assertInUse(image, image);
    assertThat(registry.deleteManifest(ALICE, APP, image)).isEqualTo(Outcome.ok(image));
    assertDeletes(config);
    assertDeletes(layer);
    assertUnknownBlob(APP, image);
  }

  @Test
  @DisplayName("22: what an index's child uses can be deleted after the index, then the child")
  void keepsBlobsOfChildren() throws Exception {
    Digest config = upload(APP, "{}");
    TestManifest child = TestManifest.image(config);
    put(APP, child);
    byte[] index = TestManifest.index(child.digest()).bytes();
    put(APP, V1, MediaTypes.OCI_INDEX, index);
    assertInUse(config, child.digest());
    assertRefused(
        registry.deleteManifest(ALICE, APP, child.digest()),
        new Refusal.Referenced(child.digest(), List.of(digest(index))));
    ok(registry.deleteManifest(ALICE, APP, digest(index)));
    assertInUse(config, child.digest());
    ok(registry.deleteManifest(ALICE, APP, child.digest()));
    assertDeletes(config);
  }

  @Test
  @DisplayName("23: if what references a blob cannot be read, it is not deleted")
  void failsClosed() throws Exception {
    String content = "a layer of an image that no test has read, " + UUID.randomUUID();
    Digest image = pushImage(APP, V1, content);
    Digest layer = digest(content);
    asOwner(
        "CREATE TABLE aside AS SELECT * FROM manifest_document",
        "UPDATE manifest_document SET bytes = '\\x7b'");
    assertThatThrownBy(() -> registry.deleteBlob(ALICE, APP, layer))
        .hasStackTraceContaining("was changed");
    asOwner(
        "UPDATE manifest_document d SET bytes = aside.bytes FROM aside WHERE d.digest ="
            + " aside.digest");
    registry.collecting().candidates(_ -> {}); // so the view has seen the image
    asOwner("ALTER TABLE reach_edge RENAME TO edge_away");
    assertThatThrownBy(() -> registry.deleteBlob(ALICE, APP, layer))
        .hasStackTraceContaining("reach_edge");
    asOwner("ALTER TABLE edge_away RENAME TO reach_edge");
    assertInUse(layer, image);
    assertReads(APP, layer, content);
    assertThat(events("BlobDeleted")).isEmpty();
  }

  @Test
  @DisplayName("24: the same content in two repositories is stored once, with a link for each")
  void storesOnce() throws Exception {
    Digest blob = upload(APP, "shared");
    upload(OTHER, "shared");
    assertThat(objects()).hasSize(1);
    assertThat(events("BlobUploaded"))
        .extracting(event -> event.data().get("stored").asBoolean())
        .containsExactly(true, false);
    assertDeletes(blob);
    assertReads(OTHER, blob, "shared");
    assertThat(registry.blobs(OTHER, Optional.empty(), 10).items()).containsExactly(blob);
    assertThat(registry.blobs(APP, Optional.empty(), 10).items()).isEmpty();
  }

  @Test
  @DisplayName("25: a blob that somebody has can be mounted; otherwise an upload is opened")
  void mounts() throws Exception {
    Digest blob = upload(APP, "shared");
    RepositoryName third = RepositoryName.parse("third");
    assertThat(registry.mount(ALICE, OTHER, blob, Optional.of(third))).isFalse();
    assertThat(registry.exists(OTHER)).isFalse();
    assertThat(registry.mount(ALICE, OTHER, blob, Optional.of(APP))).isTrue();
    assertReads(OTHER, blob, "shared");
    assertThat(registry.mount(ALICE, third, blob, Optional.empty())).isTrue();
    assertReads(third, blob, "shared");
    assertThat(objects()).hasSize(1);

    Digest nowhere = digest("nowhere");
    assertThat(registry.mount(ALICE, OTHER, nowhere, Optional.empty())).isFalse();
    assertThat(registry.uploads().begin(OTHER, Digest.Algorithm.SHA256).size()).isZero();
  }

  @Test
  @DisplayName("26: existence is per repository: a blob elsewhere is unknown here until linked")
  void existsPerRepository() throws Exception {
    upload(OTHER, "own");
    Digest blob = upload(APP, "shared");
    assertUnknownBlob(OTHER, blob);
    assertRefused(
        registry.putManifest(
            ALICE, OTHER, V1, MediaTypes.OCI_IMAGE, TestManifest.image(blob).bytes(), List.of()),
        new Refusal.MissingContent(List.of(blob)));
    upload(OTHER, "shared");
    put(OTHER, V1, TestManifest.image(blob));
  }
}
