package dev.stele.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.Reference;
import dev.stele.oci.Tag;
import dev.stele.registry.Outcome;
import dev.stele.registry.Precondition;
import dev.stele.registry.PutManifest;
import dev.stele.registry.Refusal;
import dev.stele.registry.RegistryOptions;
import dev.stele.registry.StoredManifest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rows 12 to 21, and 50. */
abstract class ManifestRows extends ParityRows {
  ManifestRows(Callable<ParityStorage> storages) {
    super(storages);
  }

  private Outcome<PutManifest> tryPut(Reference reference, String mediaType, byte[] manifest) {
    return registry.putManifest(ALICE, APP, reference, mediaType, manifest, List.of());
  }

  private void assertPulls(Reference reference, String mediaType, byte[] manifest) {
    StoredManifest pulled = ok(registry.manifest(APP, reference));
    assertThat(pulled.bytes()).isEqualTo(manifest);
    assertThat(pulled.mediaType()).isEqualTo(mediaType);
    assertThat(pulled.digest()).isEqualTo(digest(manifest));
  }

  private void assertUnknown(Reference reference) {
    assertRefused(registry.manifest(APP, reference), new Refusal.UnknownManifest(APP, reference));
  }

  @Test
  @DisplayName("12: what is no manifest, or lacks its content, is refused and nothing is stored")
  void refuses() throws Exception {
    Digest config = upload(APP, "{}");
    List<String> before = types();
    byte[] image = ManifestBytes.image(config);
    assertThat(tryPut(V1, "text/plain", image)).isInstanceOf(Outcome.Refused.class);
    assertThat(tryPut(V1, MediaTypes.OCI_IMAGE, new byte[0])).isInstanceOf(Outcome.Refused.class);
    assertThat(tryPut(V1, MediaTypes.OCI_IMAGE, bytes("{"))).isInstanceOf(Outcome.Refused.class);
    assertRefused(
        tryPut(by(digest("x")), MediaTypes.OCI_IMAGE, image),
        new Refusal.DigestMismatch(digest("x"), digest(image)));
    Digest absent = digest("absent");
    for (byte[] lacking :
        List.of(ManifestBytes.image(absent, config), ManifestBytes.image(config, absent))) {
      assertRefused(
          tryPut(V1, MediaTypes.OCI_IMAGE, lacking), new Refusal.MissingContent(List.of(absent)));
      assertUnknown(by(digest(lacking)));
    }
    assertThat(types()).isEqualTo(before);
    assertThat(tags(APP)).isEmpty();

    put(
        APP,
        V1,
        ManifestBytes.image(
            MediaTypes.OCI_IMAGE,
            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
            config,
            absent));
  }

  @Test
  @DisplayName("13: OCI, Docker and ORAS manifests are accepted, by digest and by tag")
  void accepts() throws Exception {
    Digest config = upload(APP, "{}");
    byte[] image = ManifestBytes.image(config);
    byte[] docker =
        ManifestBytes.image(MediaTypes.DOCKER_IMAGE, ManifestBytes.LAYER, config, config);
    put(APP, by(digest(image)), image);
    put(APP, by(digest(docker)), MediaTypes.DOCKER_IMAGE, docker);
    byte[] index = ManifestBytes.index(digest(image));
    byte[] list =
        ManifestBytes.index(MediaTypes.DOCKER_LIST, MediaTypes.DOCKER_IMAGE, digest(docker));
    byte[] artifact = ManifestBytes.orasArtifact(digest(image), config);
    put(APP, V1, MediaTypes.OCI_INDEX, index);
    put(APP, V2, MediaTypes.DOCKER_LIST, list);
    put(APP, V3, MediaTypes.ORAS_ARTIFACT, artifact);
    assertPulls(by(digest(image)), MediaTypes.OCI_IMAGE, image);
    assertPulls(by(digest(docker)), MediaTypes.DOCKER_IMAGE, docker);
    assertPulls(V1, MediaTypes.OCI_INDEX, index);
    assertPulls(V2, MediaTypes.DOCKER_LIST, list);
    assertPulls(V3, MediaTypes.ORAS_ARTIFACT, artifact);
  }

  @Test
  @DisplayName("13: the same again is recorded, changes no view and moves no tag")
  void recordsTheSameAgain() throws Exception {
    Digest config = upload(APP, "{}");
    put(APP, V1, ManifestBytes.image(config));
    var index = registry.index(APP);
    put(APP, V1, ManifestBytes.image(config));
    assertThat(registry.index(APP)).isEqualTo(index);
    assertThat(events("ManifestPut")).hasSize(2);
    assertThat(events("TagMoved")).hasSize(1);
  }

  @Test
  @DisplayName("14: an index lacking children is refused unless sparse; a missing subject is fine")
  void wantsChildren() throws Exception {
    Digest config = upload(APP, "{}");
    Digest absent = digest("absent");
    assertRefused(
        tryPut(V1, MediaTypes.OCI_INDEX, ManifestBytes.index(absent)),
        new Refusal.MissingContent(List.of(absent)));
    put(APP, V2, MediaTypes.ORAS_ARTIFACT, ManifestBytes.orasArtifact(absent, config));

    reopen(RegistryOptions.DEFAULT.withSparseManifests(true));
    upload(APP, "{}");
    put(APP, V1, MediaTypes.OCI_INDEX, ManifestBytes.index(absent));
    assertPulls(V1, MediaTypes.OCI_INDEX, ManifestBytes.index(absent));
  }

  @Test
  @DisplayName("15: of one digest under three tags, deleting one leaves two and all the content")
  void keepsOtherTags() throws Exception {
    Digest config = upload(APP, "{}");
    Digest layer = upload(APP, "layer");
    byte[] image = ManifestBytes.image(config, layer);
    for (Tag tag : List.of(V1, V2, V3)) {
      put(APP, tag, image);
    }
    assertThat(tags(APP)).containsExactly(V1, V2, V3);
    assertThat(registry.deleteTag(ALICE, APP, V2)).isEqualTo(Outcome.ok(digest(image)));
    assertThat(tags(APP)).containsExactly(V1, V3);
    assertPulls(V3, MediaTypes.OCI_IMAGE, image);
    assertReads(APP, layer, "layer");
  }

  @Test
  @DisplayName("16: deleting by digest takes the manifest and all its tags; unknown is an error")
  void deletesByDigest() throws Exception {
    Digest image = pushImage(APP, V1, "layer");
    put(APP, V2, ok(registry.manifest(APP, V1)).bytes());
    assertThat(registry.deleteManifest(ALICE, APP, image)).isEqualTo(Outcome.ok(image));
    assertThat(tags(APP)).isEmpty();
    assertUnknown(by(image));
    assertUnknown(V1);
    assertRefused(registry.deleteTag(ALICE, APP, V1), new Refusal.UnknownManifest(APP, V1));
    assertRefused(
        registry.deleteManifest(ALICE, APP, image), new Refusal.UnknownManifest(APP, by(image)));
    assertRefused(registry.deleteTag(ALICE, OTHER, V1), new Refusal.UnknownRepository(OTHER));
    assertRefused(
        registry.deleteManifest(ALICE, OTHER, image), new Refusal.UnknownRepository(OTHER));
  }

  @Test
  @DisplayName("16: with collision detection a digest under several tags is not deleted")
  void detectsCollisions() throws Exception {
    reopen(RegistryOptions.DEFAULT.withCollisionDetection(true));
    Digest image = pushImage(APP, V1, "layer");
    put(APP, V2, ok(registry.manifest(APP, V1)).bytes());
    List<String> before = types();
    assertRefused(
        registry.deleteManifest(ALICE, APP, image),
        new Refusal.SeveralTags(image, List.of(V1, V2)));
    assertThat(types()).isEqualTo(before);
    assertThat(tags(APP)).containsExactly(V1, V2);

    assertThat(registry.deleteTag(ALICE, APP, V1)).isEqualTo(Outcome.ok(image));
    assertThat(registry.deleteManifest(ALICE, APP, image)).isEqualTo(Outcome.ok(image));
    assertUnknown(by(image));
  }

  @Test
  @DisplayName("17: other content under a tag moves it, and the old digest stays pullable")
  void movesTags() throws Exception {
    Digest config = upload(APP, "{}");
    byte[] old = ManifestBytes.image(config);
    byte[] replacement = ManifestBytes.image(config, config);
    put(APP, V1, old);
    put(APP, V1, replacement);
    assertPulls(V1, MediaTypes.OCI_IMAGE, replacement);
    assertPulls(by(digest(old)), MediaTypes.OCI_IMAGE, old);
    assertThat(events("TagMoved").getLast().data().get("previous").asText())
        .isEqualTo(digest(old).toString());
  }

  @Test
  @DisplayName("18: a manifest's bytes are readable as a blob of the repository")
  void readsManifestAsBlob() throws Exception {
    Digest image = pushImage(APP, V1, "layer");
    String manifest =
        new String(ok(registry.manifest(APP, V1)).bytes(), java.nio.charset.StandardCharsets.UTF_8);
    assertReads(APP, image, manifest);
    assertThat(read(APP, image, 1, 15)).isEqualTo("\"schemaVersion\"");
  }

  @Test
  @DisplayName("19: a manifest that a present index lists cannot be deleted")
  void keepsChildren() throws Exception {
    Digest child = pushImage(APP, V1, "layer");
    byte[] index = ManifestBytes.index(child);
    put(APP, V2, MediaTypes.OCI_INDEX, index);
    assertRefused(
        registry.deleteManifest(ALICE, APP, child),
        new Refusal.Referenced(child, List.of(digest(index))));
    assertThat(tags(APP)).containsExactly(V1, V2);
    assertThat(registry.deleteManifest(ALICE, APP, digest(index)))
        .isEqualTo(Outcome.ok(digest(index)));
    assertThat(registry.deleteManifest(ALICE, APP, child)).isEqualTo(Outcome.ok(child));
  }

  @Test
  @DisplayName("20: an image that lacks mandatory annotations is refused, as one not to be checked")
  void wantsAnnotations() throws Exception {
    reopen(RegistryOptions.DEFAULT.withMandatoryAnnotations(List.of("vendor", "license")));
    Digest bare = upload(APP, "{\"config\":{}}");
    Digest labelled = upload(APP, "{\"config\":{\"Labels\":{\"license\":\"MIT\"}}}");
    Digest noJson = upload(APP, "no JSON");
    List<String> before = types();
    assertRefused(
        tryPut(V1, MediaTypes.OCI_IMAGE, ManifestBytes.image(bare)),
        new Refusal.MissingAnnotations(List.of("license", "vendor")));
    assertRefused(
        tryPut(V1, MediaTypes.OCI_IMAGE, ManifestBytes.image(labelled)),
        new Refusal.MissingAnnotations(List.of("vendor")));
    assertThat(tryPut(V1, MediaTypes.OCI_IMAGE, ManifestBytes.image(noJson)))
        .as("a config that cannot be looked into")
        .isInstanceOf(Outcome.Refused.class);
    overwrite(labelled, "{}");
    byte[] vendor = ManifestBytes.annotated(ManifestBytes.image(labelled), "{\"vendor\":\"us\"}");
    assertRefused(
        tryPut(V1, MediaTypes.OCI_IMAGE, vendor), new Refusal.MissingContent(List.of(labelled)));
    assertThat(types()).isEqualTo(before);
    assertThat(tags(APP)).isEmpty();

    upload(APP, "{\"config\":{\"Labels\":{\"license\":\"MIT\"}}}");
    put(APP, V1, vendor);
    put(
        APP,
        V2,
        ManifestBytes.annotated(
            ManifestBytes.image(bare), "{\"vendor\":\"us\",\"license\":\"MIT\"}"));
  }

  @Test
  @DisplayName("20: signatures and artifacts need no mandatory annotations")
  void wantsNoAnnotationsOfArtifacts() throws Exception {
    reopen(RegistryOptions.DEFAULT.withMandatoryAnnotations(List.of("vendor")));
    Digest config = upload(APP, "{}");
    byte[] signature =
        ManifestBytes.image(
            MediaTypes.OCI_IMAGE,
            "application/vnd.dev.cosign.simplesigning.v1+json",
            config,
            upload(APP, "signed"));
    put(APP, Tag.parse("sha256-" + "0".repeat(64) + ".sig"), signature);
    put(APP, V1, ManifestBytes.ociArtifact(config, "application/signature", config, "1"));
    put(APP, V2, MediaTypes.ORAS_ARTIFACT, ManifestBytes.orasArtifact(config, config));
    assertThat(tags(APP)).hasSize(3);
  }

  private Outcome<PutManifest> tryPut(
      Reference reference, byte[] image, Precondition precondition) {
    return registry.putManifest(
        ALICE, APP, reference, MediaTypes.OCI_IMAGE, image, List.of(), precondition);
  }

  private static Refusal failed(Reference reference, Digest... actual) {
    return new Refusal.PreconditionFailed(APP, reference, Stream.of(actual).findFirst());
  }

  @Test
  @DisplayName("50: a tag is created only if absent, and moved or deleted only from what it was")
  void heedsPreconditions() throws Exception {
    Digest config = upload(APP, "{}");
    byte[] one = ManifestBytes.image(config, upload(APP, "one"));
    byte[] two = ManifestBytes.image(config, upload(APP, "two"));
    assertRefused(tryPut(V1, one, Precondition.PRESENT), failed(V1));
    assertRefused(tryPut(V1, one, Precondition.at(digest(one))), failed(V1));
    ok(tryPut(V1, one, Precondition.ABSENT));
    List<String> before = types();
    assertRefused(tryPut(V1, one, Precondition.ABSENT), failed(V1, digest(one)));
    assertRefused(tryPut(V1, two, Precondition.at(digest(two))), failed(V1, digest(one)));
    assertRefused(
        registry.deleteTag(ALICE, APP, V1, Precondition.at(digest(two))), failed(V1, digest(one)));
    assertRefused(
        registry.deleteManifest(ALICE, APP, digest(one), Precondition.at(digest(two))),
        failed(by(digest(one)), digest(one)));
    assertRefused(
        registry.putManifest(
            ALICE,
            APP,
            by(digest(two)),
            MediaTypes.OCI_IMAGE,
            two,
            List.of(V2, V1),
            Precondition.ABSENT),
        failed(V1, digest(one)));
    assertThat(types()).as("nothing of what was refused happened").isEqualTo(before);
    assertThat(tags(APP)).containsExactly(V1);
    assertUnknown(by(digest(two)));

    ok(tryPut(V1, two, Precondition.at(digest(one))));
    assertRefused(
        tryPut(by(digest(two)), two, Precondition.ABSENT), failed(by(digest(two)), digest(two)));
    assertThat(registry.deleteTag(ALICE, APP, V1, Precondition.at(digest(two))))
        .isEqualTo(Outcome.ok(digest(two)));
    assertRefused(
        registry.deleteTag(ALICE, APP, V1, Precondition.PRESENT),
        new Refusal.UnknownManifest(APP, V1));
    assertRefused(
        registry.deleteBlob(ALICE, APP, upload(APP, "free"), Precondition.ABSENT),
        failed(by(digest("free")), digest("free")));
  }

  @Test
  @DisplayName("50: of any number that move a tag from the same digest at once, one does")
  void oneOfManyMovesATag() throws Exception {
    int callers = 16;
    Digest config = upload(APP, "{}");
    Digest first = put(APP, V1, ManifestBytes.image(config));
    List<byte[]> images = new ArrayList<>();
    for (int i = 0; i < callers; i++) {
      images.add(ManifestBytes.image(config, upload(APP, "layer " + i)));
    }
    CyclicBarrier together = new CyclicBarrier(callers);
    List<Outcome<PutManifest>> outcomes = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Outcome<PutManifest>>> puts =
          images.stream()
              .map(
                  image ->
                      threads.submit(
                          () -> {
                            together.await();
                            return tryPut(V1, image, Precondition.at(first));
                          }))
              .toList();
      for (Future<Outcome<PutManifest>> put : puts) {
        outcomes.add(put.get());
      }
    }
    Digest now = ok(registry.manifest(APP, V1)).digest();
    for (int i = 0; i < callers; i++) {
      if (digest(images.get(i)).equals(now)) {
        assertThat(outcomes.get(i)).isInstanceOf(Outcome.Ok.class);
      } else {
        assertRefused(outcomes.get(i), failed(V1, now));
      }
    }
    assertThat(now).isNotEqualTo(first);
    assertThat(events("TagMoved")).hasSize(2);
  }

  private List<Descriptor> referrers(Digest subject, Optional<String> artifactType) {
    return registry.referrers(APP, subject, artifactType, Optional.empty(), 100).items();
  }

  @Test
  @DisplayName(
      "21: referrers are found by subject and type, OCI and ORAS, even if one is unreadable")
  void findsReferrers() throws Exception {
    Digest config = upload(APP, "{}");
    Digest subject = digest("a subject");
    assertThat(referrers(subject, Optional.empty())).as("of an unknown repository").isEmpty();
    byte[] oras = ManifestBytes.orasArtifact(subject, config);
    byte[] oci = ManifestBytes.ociArtifact(subject, "application/signature", config, "1");
    put(APP, by(digest(oras)), MediaTypes.ORAS_ARTIFACT, oras);
    put(APP, by(digest(oci)), oci);
    assertThat(referrers(subject, Optional.empty()))
        .extracting(Descriptor::digest)
        .containsExactlyInAnyOrder(digest(oras), digest(oci));
    assertThat(referrers(subject, Optional.of("application/sbom")))
        .extracting(Descriptor::digest)
        .containsExactly(digest(oras));
    assertThat(referrers(subject, Optional.of("application/signature")))
        .as("the type of an image without one is its config's")
        .extracting(Descriptor::digest)
        .containsExactly(digest(oci));
    assertThat(referrers(subject, Optional.of("application/other"))).isEmpty();
    assertThat(referrers(digest("unknown"), Optional.empty())).isEmpty();

    // Kept aside, so that the views can be compared with the log afterwards.
    asOwner(
        "CREATE TABLE aside AS SELECT * FROM manifest_document WHERE digest = digest_bytes('%s')"
            .formatted(digest(oras)),
        "UPDATE manifest_document SET bytes = '\\x7b' WHERE digest = digest_bytes('%s')"
            .formatted(digest(oras)));
    assertThat(referrers(subject, Optional.empty())).hasSize(2);
    asOwner(
        "UPDATE manifest_document d SET bytes = aside.bytes FROM aside WHERE d.digest ="
            + " aside.digest");
  }
}
