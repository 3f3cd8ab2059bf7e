package dev.stele.parity;

import static dev.stele.registry.TestClient.ok;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.Reference;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
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

  private Outcome<PutManifest> tryPut(Reference reference, TestManifest manifest) {
    return tryPut(reference, manifest.mediaType(), manifest.bytes());
  }

  private void assertPulls(Reference reference, TestManifest manifest) {
    StoredManifest pulled = ok(registry.manifest(APP, reference));
    assertThat(pulled.bytes()).isEqualTo(manifest.bytes());
    assertThat(pulled.mediaType()).isEqualTo(manifest.mediaType());
    assertThat(pulled.digest()).isEqualTo(manifest.digest());
  }

  private void assertUnknown(Reference reference) {
    assertRefused(registry.manifest(APP, reference), new Refusal.UnknownManifest(APP, reference));
  }

  @Test
  @DisplayName("12: what is no manifest, or lacks its content, is refused and nothing is stored")
  void refuses() throws Exception {
    Digest config = upload(APP, "{}");
    List<String> before = types();
    byte[] image = TestManifest.image(config).bytes();
    assertThat(tryPut(V1, "text/plain", image)).isInstanceOf(Outcome.Refused.class);
    assertThat(tryPut(V1, MediaTypes.OCI_IMAGE, new byte[0])).isInstanceOf(Outcome.Refused.class);
    assertThat(tryPut(V1, MediaTypes.OCI_IMAGE, bytes("{"))).isInstanceOf(Outcome.Refused.class);
    assertRefused(
        tryPut(by(digest("x")), MediaTypes.OCI_IMAGE, image),
        new Refusal.DigestMismatch(digest("x"), digest(image)));
    Digest absent = digest("absent");
    for (TestManifest lacking :
        List.of(TestManifest.image(absent, config), TestManifest.image(config, absent))) {
      assertRefused(tryPut(V1, lacking), new Refusal.MissingContent(List.of(absent)));
      assertUnknown(by(lacking.digest()));
    }
    assertThat(types()).isEqualTo(before);
    assertThat(tags(APP)).isEmpty();

    put(
        APP,
        V1,
        TestManifest.image(
            MediaTypes.OCI_IMAGE,
            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
            config,
            absent));
  }

  @Test
  @DisplayName("13: OCI, Docker and ORAS manifests are accepted, by digest and by tag")
  void accepts() throws Exception {
    Digest config = upload(APP, "{}");
    TestManifest image = TestManifest.image(config);
    TestManifest docker =
        TestManifest.image(MediaTypes.DOCKER_IMAGE, TestManifest.LAYER, config, config);
    put(APP, image);
    put(APP, docker);
    TestManifest index = TestManifest.index(image.digest());
    TestManifest list =
        TestManifest.index(MediaTypes.DOCKER_LIST, MediaTypes.DOCKER_IMAGE, docker.digest());
    TestManifest artifact = TestManifest.orasArtifact(image.digest(), config);
    put(APP, V1, index);
    put(APP, V2, list);
    put(APP, V3, artifact);
    assertPulls(by(image.digest()), image);
    assertPulls(by(docker.digest()), docker);
    assertPulls(V1, index);
    assertPulls(V2, list);
    assertPulls(V3, artifact);
  }

  @Test
  @DisplayName("13: the same again is recorded, changes no view and moves no tag")
  void recordsTheSameAgain() throws Exception {
    Digest config = upload(APP, "{}");
    put(APP, V1, TestManifest.image(config));
    var index = registry.index(APP);
    put(APP, V1, TestManifest.image(config));
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
        tryPut(V1, TestManifest.index(absent)), new Refusal.MissingContent(List.of(absent)));
    put(APP, V2, TestManifest.orasArtifact(absent, config));

    reopen(RegistryOptions.DEFAULT.withSparseManifests(true));
    upload(APP, "{}");
    put(APP, V1, TestManifest.index(absent));
    assertPulls(V1, TestManifest.index(absent));
  }

  @Test
  @DisplayName("15: of one digest under three tags, deleting one leaves two and all the content")
  void keepsOtherTags() throws Exception {
    Digest config = upload(APP, "{}");
    Digest layer = upload(APP, "layer");
    TestManifest image = TestManifest.image(config, layer);
    for (Tag tag : List.of(V1, V2, V3)) {
      put(APP, tag, image);
    }
    assertThat(tags(APP)).containsExactly(V1, V2, V3);
    assertThat(registry.deleteTag(ALICE, APP, V2)).isEqualTo(Outcome.ok(image.digest()));
    assertThat(tags(APP)).containsExactly(V1, V3);
    assertPulls(V3, image);
    assertReads(APP, layer, "layer");
  }

  @Test
  @DisplayName("16: deleting by digest takes the manifest and all its tags; unknown is an error")
  void deletesByDigest() throws Exception {
    Digest image = pushImage(APP, V1, "layer");
    put(APP, V2, MediaTypes.OCI_IMAGE, ok(registry.manifest(APP, V1)).bytes());
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
    put(APP, V2, MediaTypes.OCI_IMAGE, ok(registry.manifest(APP, V1)).bytes());
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
    TestManifest old = TestManifest.image(config);
    TestManifest replacement = TestManifest.image(config, config);
    put(APP, V1, old);
    put(APP, V1, replacement);
    assertPulls(V1, replacement);
    assertPulls(by(old.digest()), old);
    assertThat(events("TagMoved").getLast().data().get("previous").asText())
        .isEqualTo(old.digest().toString());
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
    TestManifest index = TestManifest.index(child);
    put(APP, V2, index);
    assertRefused(
        registry.deleteManifest(ALICE, APP, child),
        new Refusal.Referenced(child, List.of(index.digest())));
    assertThat(tags(APP)).containsExactly(V1, V2);
    assertThat(registry.deleteManifest(ALICE, APP, index.digest()))
        .isEqualTo(Outcome.ok(index.digest()));
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
        tryPut(V1, TestManifest.image(bare)),
        new Refusal.MissingAnnotations(List.of("license", "vendor")));
    assertRefused(
        tryPut(V1, TestManifest.image(labelled)),
        new Refusal.MissingAnnotations(List.of("vendor")));
    assertThat(tryPut(V1, TestManifest.image(noJson)))
        .as("a config that cannot be looked into")
        .isInstanceOf(Outcome.Refused.class);
    overwrite(labelled, "{}");
    TestManifest vendor = TestManifest.image(labelled).annotation("vendor", "us");
    assertRefused(tryPut(V1, vendor), new Refusal.MissingContent(List.of(labelled)));
    assertThat(types()).isEqualTo(before);
    assertThat(tags(APP)).isEmpty();

    upload(APP, "{\"config\":{\"Labels\":{\"license\":\"MIT\"}}}");
    put(APP, V1, vendor);
    put(APP, V2, TestManifest.image(bare).annotation("vendor", "us").annotation("license", "MIT"));
  }

  @Test
  @DisplayName("20: signatures and artifacts need no mandatory annotations")
  void wantsNoAnnotationsOfArtifacts() throws Exception {
    reopen(RegistryOptions.DEFAULT.withMandatoryAnnotations(List.of("vendor")));
    Digest config = upload(APP, "{}");
    TestManifest signature =
        TestManifest.image(
            MediaTypes.OCI_IMAGE,
            "application/vnd.dev.cosign.simplesigning.v1+json",
            config,
            upload(APP, "signed"));
    put(APP, Tag.parse("sha256-" + "0".repeat(64) + ".sig"), signature);
    put(APP, V1, TestManifest.ociArtifact(config, "application/signature", config, "1"));
    put(APP, V2, TestManifest.orasArtifact(config, config));
    assertThat(tags(APP)).hasSize(3);
  }

  private Outcome<PutManifest> tryPut(
      Reference reference, TestManifest image, Precondition precondition) {
    return registry.putManifest(
        ALICE, APP, reference, image.mediaType(), image.bytes(), List.of(), precondition);
  }

  private static Refusal failed(Reference reference, Digest... actual) {
    return new Refusal.PreconditionFailed(APP, reference, Stream.of(actual).findFirst());
  }

  @Test
  @DisplayName("50: a tag is created only if absent, and moved or deleted only from what it was")
  void heedsPreconditions() throws Exception {
    Digest config = upload(APP, "{}");
    TestManifest one = TestManifest.image(config, upload(APP, "one"));
    TestManifest two = TestManifest.image(config, upload(APP, "two"));
    assertRefused(tryPut(V1, one, Precondition.PRESENT), failed(V1));
    assertRefused(tryPut(V1, one, Precondition.at(one.digest())), failed(V1));
    ok(tryPut(V1, one, Precondition.ABSENT));
    List<String> before = types();
    assertRefused(tryPut(V1, one, Precondition.ABSENT), failed(V1, one.digest()));
    assertRefused(tryPut(V1, two, Precondition.at(two.digest())), failed(V1, one.digest()));
    assertRefused(
        registry.deleteTag(ALICE, APP, V1, Precondition.at(two.digest())),
        failed(V1, one.digest()));
    assertRefused(
        registry.deleteManifest(ALICE, APP, one.digest(), Precondition.at(two.digest())),
        failed(by(one.digest()), one.digest()));
    assertRefused(
        registry.putManifest(
            ALICE,
            APP,
            by(two.digest()),
            MediaTypes.OCI_IMAGE,
            two.bytes(),
            List.of(V2, V1),
            Precondition.ABSENT),
        failed(V1, one.digest()));
    assertThat(types()).as("nothing of what was refused happened").isEqualTo(before);
    assertThat(tags(APP)).containsExactly(V1);
    assertUnknown(by(two.digest()));

    ok(tryPut(V1, two, Precondition.at(one.digest())));
    assertRefused(
        tryPut(by(two.digest()), two, Precondition.ABSENT), failed(by(two.digest()), two.digest()));
    assertThat(registry.deleteTag(ALICE, APP, V1, Precondition.at(two.digest())))
        .isEqualTo(Outcome.ok(two.digest()));
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
    Digest first = put(APP, V1, TestManifest.image(config));
    List<TestManifest> images = new ArrayList<>();
    for (int i = 0; i < callers; i++) {
      images.add(TestManifest.image(config, upload(APP, "layer " + i)));
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
      if (images.get(i).digest().equals(now)) {
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
    TestManifest oras = TestManifest.orasArtifact(subject, config);
    TestManifest oci = TestManifest.ociArtifact(subject, "application/signature", config, "1");
    put(APP, oras);
    put(APP, oci);
    assertThat(referrers(subject, Optional.empty()))
        .extracting(Descriptor::digest)
        .containsExactlyInAnyOrder(oras.digest(), oci.digest());
    assertThat(referrers(subject, Optional.of("application/sbom")))
        .extracting(Descriptor::digest)
        .containsExactly(oras.digest());
    assertThat(referrers(subject, Optional.of("application/signature")))
        .as("the type of an image without one is its config's")
        .extracting(Descriptor::digest)
        .containsExactly(oci.digest());
    assertThat(referrers(subject, Optional.of("application/other"))).isEmpty();
    assertThat(referrers(digest("unknown"), Optional.empty())).isEmpty();

    // Kept aside, so that the views can be compared with the log afterwards.
    asOwner(
        "CREATE TABLE aside AS SELECT * FROM manifest_document WHERE digest = digest_bytes('%s')"
            .formatted(oras.digest()),
        "UPDATE manifest_document SET bytes = '\\x7b' WHERE digest = digest_bytes('%s')"
            .formatted(oras.digest()));
    assertThat(referrers(subject, Optional.empty())).hasSize(2);
    asOwner(
        "UPDATE manifest_document d SET bytes = aside.bytes FROM aside WHERE d.digest ="
            + " aside.digest");
  }
}
