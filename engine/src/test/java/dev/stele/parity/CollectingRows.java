package dev.stele.parity;

import static dev.stele.registry.TestClient.ok;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.Chunk;
import dev.stele.blob.UploadId;
import dev.stele.gc.GcOptions;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.policy.TestPolicies;
import dev.stele.registry.Outcome;
import dev.stele.registry.Refusal;
import dev.stele.registry.RegistryOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rows 32 to 41. Without a grace period whatever is unreachable is past it. */
abstract class CollectingRows extends ParityRows {
  private static final Duration SHORT = Duration.ofSeconds(1);
  private static final Duration LONGER_THAN_SHORT = Duration.ofMillis(1300);

  CollectingRows(Callable<ParityStorage> storages) {
    super(storages);
  }

  @BeforeEach
  void withoutGrace() throws IOException {
    grace(Duration.ZERO);
  }

  private void grace(Duration grace) throws IOException {
    reopen(RegistryOptions.DEFAULT.withGc(GcOptions.DEFAULT.withGrace(grace)));
  }

  /** Lets the view take in what has happened, as it does by itself in a server, and waits. */
  private void waitPastGrace() throws InterruptedException {
    while (registry.collecting().follow() > 0) {
      // until it is up
    }
    Thread.sleep(LONGER_THAN_SHORT);
  }

  /** A policy that keeps every tag of every repository. */
  private void adopt(boolean deleteUntagged, boolean deleteReferrers) {
    retention().adopt(TestPolicies.everyTag(deleteUntagged, deleteReferrers));
  }

  private void assertGone(RepositoryName repository, Digest manifest) {
    assertThat(registry.manifest(repository, by(manifest))).isInstanceOf(Outcome.Refused.class);
  }

  private void assertThere(RepositoryName repository, Digest manifest) {
    ok(registry.manifest(repository, by(manifest)));
  }

  private void assertNothingLeft(RepositoryName repository) throws IOException {
    assertThat(registry.exists(repository)).isFalse();
    assertThat(objects()).isEmpty();
  }

  private Digest pushArtifact(RepositoryName repository, Digest subject, String note)
      throws IOException {
    Digest config = upload(repository, "{\"artifact\":\"" + note + "\"}");
    return put(repository, TestManifest.ociArtifact(subject, "application/x", config, note));
  }

  private Digest pushSignature(RepositoryName repository, Digest subject) throws IOException {
    Digest signature = upload(repository, "signature of " + subject);
    return put(repository, TestManifest.orasArtifact(subject, signature));
  }

  private Digest pushIndex(RepositoryName repository, Optional<Tag> tag, Digest... children) {
    TestManifest index = TestManifest.index(children);
    return tag.isPresent() ? put(repository, tag.get(), index) : put(repository, index);
  }

  private Digest pushUntagged(RepositoryName repository, String layer) throws IOException {
    Digest config = upload(repository, "{\"of\":\"" + layer + "\"}");
    return put(repository, TestManifest.image(config, upload(repository, layer)));
  }

  @Test
  @DisplayName(
      "32: with a long grace period nothing goes, neither orphan blobs nor what a deleted manifest"
          + " leaves")
  void longGrace() throws Exception {
    grace(Duration.ofDays(1));
    upload(APP, "never used");
    Digest image = pushImage(APP, V1, "layer");
    ok(registry.deleteManifest(ALICE, APP, image));
    assertThat(collect().idle()).isTrue();
    assertThat(objects()).hasSize(3);
    assertReads(APP, digest("layer"), "layer");
  }

  @Test
  @DisplayName(
      "33: past grace a never-referenced blob goes; a tagged image with all that is about it stays")
  void keepsWhatATagReaches() throws Exception {
    adopt(true, true);
    Digest unused = upload(APP, "never used");
    Digest image = pushImage(APP, V1, "layer");
    Digest artifact = pushArtifact(APP, image, "sbom");
    Digest aboutArtifact = pushArtifact(APP, artifact, "signature of the sbom");
    Digest signature = pushSignature(APP, image);
    assertThat(collect().tally().blobs()).isEqualTo(1);
    assertUnknownBlob(APP, unused);
    List.of(image, artifact, aboutArtifact, signature).forEach(each -> assertThere(APP, each));
    assertReads(APP, digest("layer"), "layer");
    assertReads(APP, digest("signature of " + image), "signature of " + image);
    assertThat(objects()).hasSize(5);
  }

  @Test
  @DisplayName(
      "34: an artifact whose subject never came goes when delete-referrers is on, and stays when"
          + " off")
  void lonelyReferrers() throws Exception {
    Digest artifact = pushArtifact(APP, digest("never came"), "sbom");
    adopt(true, false);
    assertThat(collect().idle()).isTrue();
    assertThere(APP, artifact);
    adopt(false, true);
    assertThat(collect().tally().manifests()).isEqualTo(1);
    assertGone(APP, artifact);
    assertNothingLeft(APP);
  }

  @Test
  @DisplayName(
      "35: after an image is deleted its blobs, its artifacts at every depth and the empty"
          + " repository go")
  void deletedImage() throws Exception {
    adopt(false, true);
    Digest image = pushImage(APP, V1, "layer");
    Digest artifact = pushArtifact(APP, image, "sbom");
    pushArtifact(APP, artifact, "signature of the sbom");
    pushSignature(APP, image);
    ok(registry.deleteManifest(ALICE, APP, image));
    assertThat(collect().tally().manifests()).isEqualTo(3);
    assertNothingLeft(APP);
    assertThat(types()).contains("RepositoryRemoved");
    assertThat(events("ManifestCollected"))
        .allMatch(event -> event.cause().get("kind").asText().equals("COLLECTOR"));
  }

  @Test
  @DisplayName("36: deleting the first of two tags of an image loses nothing")
  void secondTag() throws Exception {
    adopt(true, true);
    Digest image = pushImage(APP, V1, "layer");
    pushImage(APP, V2, "layer");
    ok(registry.deleteTag(ALICE, APP, V1));
    assertThat(collect().idle()).isTrue();
    assertThere(APP, image);
    assertReads(APP, digest("layer"), "layer");
    ok(registry.deleteTag(ALICE, APP, V2));
    collect();
    assertNothingLeft(APP);
  }

  @Test
  @DisplayName(
      "37: an old blob freshly linked into a second repository stays there, and so does what the"
          + " first uses")
  void sharedContent() throws Exception {
    grace(SHORT);
    Digest shared = upload(APP, "shared");
    Digest image = pushImage(OTHER, V1, "used");
    waitPastGrace();
    assertThat(registry.mount(ALICE, OTHER, shared, Optional.of(APP))).isTrue();
    assertThat(registry.mount(ALICE, APP, digest("used"), Optional.of(OTHER))).isTrue();
    assertThat(collect().tally().blobs()).isEqualTo(1);
    assertUnknownBlob(APP, shared);
    assertReads(OTHER, shared, "shared");
    waitPastGrace();
    collect();
    assertThat(registry.exists(APP)).isFalse();
    assertThere(OTHER, image);
    assertReads(OTHER, digest("used"), "used");
  }

  @Test
  @DisplayName(
      "38: deleting an artifact of an index takes its artifacts alone; deleting the index takes"
          + " all")
  void indexes() throws Exception {
    adopt(true, true);
    Digest amd = pushUntagged(APP, "amd64");
    Digest arm = pushUntagged(APP, "arm64");
    Digest inner = pushIndex(APP, Optional.empty(), amd);
    Digest index = pushIndex(APP, Optional.of(V1), inner, arm);
    Digest ofIndex = pushArtifact(APP, index, "of the index");
    Digest aboutIt = pushArtifact(APP, ofIndex, "about that");
    Digest other = pushArtifact(APP, index, "another");
    Digest ofChild = pushSignature(APP, amd);
    assertThat(collect().idle()).isTrue();

    ok(registry.deleteManifest(ALICE, APP, ofIndex));
    collect();
    assertGone(APP, aboutIt);
    List.of(amd, arm, inner, index, other, ofChild).forEach(each -> assertThere(APP, each));

    Digest sharing = pushIndex(APP, Optional.of(V2), arm);
    ok(registry.deleteManifest(ALICE, APP, index));
    collect();
    List.of(amd, inner, other, ofChild).forEach(each -> assertGone(APP, each));
    List.of(arm, sharing).forEach(each -> assertThere(APP, each));
    assertReads(APP, digest("arm64"), "arm64");

    ok(registry.deleteTag(ALICE, APP, V2));
    collect();
    assertNothingLeft(APP);
  }

  @Test
  @DisplayName("38: an index that lists its own subject goes with it")
  void cycleOfLiveness() throws Exception {
    adopt(true, true);
    Digest child = pushUntagged(APP, "child");
    put(APP, V1, TestManifest.index(child).subject(child));
    assertThat(collect().idle()).isTrue();
    ok(registry.deleteTag(ALICE, APP, V1));
    assertThat(collect().tally().manifests()).isEqualTo(2);
    assertNothingLeft(APP);
  }

  @Test
  @DisplayName("39: untagged manifests go when delete-untagged is on, and stay when off")
  void untagged() throws Exception {
    Digest alone = pushUntagged(APP, "alone");
    Digest child = pushUntagged(APP, "child");
    Digest index = pushIndex(APP, Optional.of(V1), child);
    Digest artifact = pushArtifact(APP, child, "sbom");
    assertThat(collect().idle()).isTrue();
    adopt(false, true);
    assertThat(collect().idle()).isTrue();
    adopt(true, false);
    assertThat(collect().tally().manifests()).isEqualTo(1);
    assertGone(APP, alone);
    assertUnknownBlob(APP, digest("alone"));
    List.of(child, index, artifact).forEach(each -> assertThere(APP, each));
  }

  @Test
  @DisplayName("40: abandoned upload sessions go past grace, and their bytes")
  void abandonedUploads() throws Exception {
    grace(Duration.ofDays(1));
    UploadId id = registry.uploads().begin(APP, Digest.Algorithm.SHA256).id();
    ok(
        registry
            .uploads()
            .append(APP, id, Chunk.streamed(new ByteArrayInputStream(bytes("abandoned")))));
    assertThat(collect().idle()).isTrue();
    ok(registry.uploads().status(APP, id));

    grace(SHORT);
    assertThat(collect().tally().uploads()).isZero();
    waitPastGrace();
    UploadId fresh = registry.uploads().begin(APP, Digest.Algorithm.SHA256).id();
    assertThat(collect().tally().uploads()).isEqualTo(1);
    assertRefused(registry.uploads().status(APP, id), new Refusal.UnknownUpload(id));
    ok(registry.uploads().status(APP, fresh));
  }

  /** What a client may do about something that nobody can reach, and then count on it. */
  private interface Promise {
    void make() throws IOException;
  }

  private void assertKeepsAfter(Promise promise, Digest config, Digest layer) throws Exception {
    waitPastGrace();
    promise.make();
    collect();
    put(APP, V1, TestManifest.image(config, layer));
    collect();
    assertThat(read(APP, layer)).isNotEmpty();
    ok(registry.deleteTag(ALICE, APP, V1));
    Digest image = TestManifest.image(config, layer).digest();
    ok(registry.deleteManifest(ALICE, APP, image));
  }

  @Test
  @DisplayName(
      "41: what a client pushed again, mounted, or was told of stays for a whole grace period from"
          + " then")
  void promises() throws Exception {
    grace(SHORT);
    Digest config = upload(APP, "{}");
    Digest layer = upload(APP, "layer");
    assertKeepsAfter(
        () -> {
          ok(registry.blobSize(APP, config));
          ok(registry.blobSize(APP, layer));
        },
        config,
        layer);
    assertKeepsAfter(
        () -> {
          ok(registry.blob(APP, config)).close();
          ok(registry.blob(APP, layer)).close();
        },
        config,
        layer);
    assertKeepsAfter(
        () -> {
          Optional<URI> _ = registry.blobLocation(APP, config);
          Optional<URI> _ = registry.blobLocation(APP, layer);
        },
        config,
        layer);
    assertKeepsAfter(
        () -> {
          upload(APP, "{}");
          upload(APP, "layer");
        },
        config,
        layer);
    assertKeepsAfter(
        () -> {
          assertThat(registry.mount(ALICE, APP, config, Optional.empty())).isTrue();
          assertThat(registry.mount(ALICE, APP, layer, Optional.empty())).isTrue();
        },
        config,
        layer);

    waitPastGrace();
    assertThat(collect().tally().blobs()).isEqualTo(2);
    assertNothingLeft(APP);
  }

  @Test
  @DisplayName("41: a manifest that a client was told of stays with all that it needs")
  void promisedManifest() throws Exception {
    grace(SHORT);
    adopt(true, true);
    Digest child = pushUntagged(APP, "child");
    Digest index = pushIndex(APP, Optional.empty(), child);
    waitPastGrace();
    ok(registry.manifest(APP, by(index)));
    assertThat(collect().idle()).isTrue();
    pushIndex(APP, Optional.of(V1), child);
    waitPastGrace();
    assertThat(collect().idle()).isTrue();
    assertReads(APP, digest("child"), "child");

    ok(registry.deleteTag(ALICE, APP, V1));
    waitPastGrace();
    assertThat(collect().tally().manifests()).isEqualTo(2);
    assertNothingLeft(APP);
  }
}
