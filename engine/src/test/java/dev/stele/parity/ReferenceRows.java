package dev.stele.parity;

import static dev.stele.registry.TestClient.ok;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.gc.GcOptions;
import dev.stele.history.History;
import dev.stele.log.AsOf;
import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.TestManifest;
import dev.stele.policy.HoldScope;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.TestPolicies;
import dev.stele.registry.BlobFacts;
import dev.stele.registry.ManifestContent;
import dev.stele.registry.NewHold;
import dev.stele.registry.Outcome;
import dev.stele.registry.PutManifest;
import dev.stele.registry.Refusal;
import dev.stele.registry.RegistryOptions;
import dev.stele.restore.Restoration;
import dev.stele.restore.RestoreRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rows 46 to 49. */
abstract class ReferenceRows extends ParityRows {
  private static final String CACHE = "application/vnd.buildkit.cacheconfig.v0";
  private static final String DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip";

  ReferenceRows(Callable<ParityStorage> storages) {
    super(storages);
  }

  /** Whatever nothing reaches goes at once. */
  private void reopenWithoutGrace() throws Exception {
    reopen(RegistryOptions.DEFAULT.withGc(GcOptions.DEFAULT.withGrace(Duration.ZERO)));
  }

  private Outcome<PutManifest> tryPut(RepositoryName repository, String mediaType, byte[] bytes) {
    return registry.putManifest(ALICE, repository, by(digest(bytes)), mediaType, bytes, List.of());
  }

  private void assertInvalid(Outcome<PutManifest> outcome, String... saying) {
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Outcome.Refused.class,
            refused ->
                assertThat(refused.refusal())
                    .isInstanceOfSatisfying(
                        Refusal.InvalidManifest.class,
                        invalid -> assertThat(invalid.reason()).contains(saying)));
  }

  @Test
  @DisplayName("46: a body that contradicts its type is refused, saying which field does")
  void refusesContradictions() throws Exception {
    Digest config = upload(APP, "{}");
    List<String> before = types();
    String both =
        TestManifest.image(config).untyped().text().replaceFirst("}$", ",\"manifests\":[]}");
    assertInvalid(
        tryPut(APP, MediaTypes.OCI_IMAGE, bytes(both)), "manifests", MediaTypes.OCI_IMAGE);
    assertInvalid(tryPut(APP, MediaTypes.OCI_INDEX, bytes(both)), "config", MediaTypes.OCI_INDEX);
    assertInvalid(
        tryPut(APP, MediaTypes.OCI_ARTIFACT, TestManifest.image(config).untyped().bytes()),
        "config",
        MediaTypes.OCI_ARTIFACT);
    assertInvalid(
        tryPut(APP, MediaTypes.DOCKER_IMAGE, TestManifest.image(config).bytes()),
        MediaTypes.OCI_IMAGE);
    String image = TestManifest.image(config).untyped().text();
    assertInvalid(
        tryPut(APP, MediaTypes.OCI_IMAGE, bytes(image.replace(":2,", ":1,"))), "schemaVersion");
    assertInvalid(
        tryPut(APP, MediaTypes.OCI_IMAGE, bytes(image.replace("\"layers\"", "\"Layers\""))),
        "Layers");
    assertInvalid(tryPut(APP, MediaTypes.OCI_IMAGE, bytes("\ufeff" + image)), "byte order mark");
    assertInvalid(tryPut(APP, MediaTypes.OCI_IMAGE, image.getBytes(UTF_16LE)), "UTF-8");
    assertInvalid(
        tryPut(
            APP, MediaTypes.OCI_IMAGE, bytes(image.replaceFirst("\\{", "{\"schemaVersion\":2,"))),
        "schemaVersion");
    assertThat(types()).isEqualTo(before);
  }

  @Test
  @DisplayName("46: in one repository bytes have one type; what others put elsewhere means nothing")
  void givesBytesOneType() throws Exception {
    RegistryOptions sparse =
        RegistryOptions.DEFAULT
            .withSparseManifests(true)
            .withGc(GcOptions.DEFAULT.withGrace(Duration.ZERO));
    reopen(sparse);
    Digest config = upload(APP, "{}");
    byte[] image = TestManifest.image(config, upload(APP, "layer")).untyped().bytes();
    put(OTHER, by(digest(image)), MediaTypes.DOCKER_IMAGE, image);
    put(APP, V1, MediaTypes.OCI_IMAGE, image);
    assertInvalid(tryPut(APP, MediaTypes.DOCKER_IMAGE, image), MediaTypes.OCI_IMAGE, "one type");
    collect();
    assertThat(ok(registry.manifest(APP, V1)).mediaType()).isEqualTo(MediaTypes.OCI_IMAGE);
    assertThat(ok(registry.manifest(OTHER, by(digest(image)))).mediaType())
        .isEqualTo(MediaTypes.DOCKER_IMAGE);
    assertReads(APP, digest("layer"), "layer");
    assertReads(APP, config, "{}");
  }

  @Test
  @DisplayName("47: blobs that an index lists live, and are held, restored and pulled with it")
  void keepsWhatAnIndexLists() throws Exception {
    reopenWithoutGrace();
    Digest layer = upload(APP, "layer");
    Digest cache = upload(APP, "{\"layers\":[]}");
    Digest absent = digest("absent");
    assertRefused(
        tryPut(
            APP,
            MediaTypes.OCI_INDEX,
            TestManifest.index(MediaTypes.OCI_INDEX, CACHE, absent).bytes()),
        new Refusal.MissingContent(List.of(absent)));
    Digest index = put(APP, V1, TestManifest.index(MediaTypes.OCI_INDEX, CACHE, layer, cache));
    Digest list = put(APP, V2, TestManifest.index(MediaTypes.DOCKER_LIST, DOCKER_LAYER, layer));
    assertThat(collect().idle()).isTrue();
    assertRefused(
        registry.deleteBlob(ALICE, APP, cache), new Refusal.Referenced(cache, List.of(index)));
    assertThat(registry.stores().scrub(ALICE, Long.MAX_VALUE, _ -> {}, (_, _, _) -> {}).sound())
        .isTrue();
    long then = new History(registry).now().position();

    HoldScope scope =
        new HoldScope(RepositoryGlob.parse("**"), Optional.empty(), Optional.of(index));
    UUID hold = UUID.randomUUID();
    ok(registry.holds().place(ALICE, new NewHold(hold, scope, false, "a test")));
    ok(registry.deleteTag(ALICE, APP, V1));
    ok(registry.deleteManifest(ALICE, APP, list));
    adoptDeleting();
    collect();
    assertReads(APP, layer, "layer");
    ok(registry.holds().release(ALICE, hold, 0, "over"));
    ok(registry.deleteManifest(ALICE, APP, index));
    // Whatever lists it goes first, so that it cannot be deleted while it is listed.
    ok(registry.deleteBlob(ALICE, APP, cache));
    RestoreRequest request =
        new RestoreRequest(APP, new Moment.AtPosition(then), Optional.of(V1), false);
    Restoration restored = ok(restore().run(ALICE, request, 1));
    assertThat(restored.done()).isTrue();
    collect();
    assertReads(APP, layer, "layer");
    assertReads(APP, cache, "{\"layers\":[]}");

    ok(registry.deleteManifest(ALICE, APP, index));
    collect();
    History history = new History(registry);
    AsOf past = ok(history.asOf(new Moment.AtPosition(then)));
    assertThat(history.image(past, APP, V1))
        .as("its blobs were swept")
        .isInstanceOfSatisfying(
            Outcome.Refused.class,
            refused ->
                assertThat(((Refusal.ImageGone) refused.refusal()).swept())
                    .containsExactly(layer, cache));
  }

  private void adoptDeleting() {
    retention().adopt(TestPolicies.DELETING_UNTAGGED);
  }

  @Test
  @DisplayName("47: a manifest can be a layer; it lives, and is restored, with what lists it")
  void keepsManifestsThatAreLayers() throws Exception {
    reopenWithoutGrace();
    adoptDeleting();
    Digest config = upload(APP, "{}");
    TestManifest inner = TestManifest.image(config, upload(APP, "layer"));
    put(APP, V2, inner);
    TestManifest outer = TestManifest.image(config, inner.digest());
    put(APP, V1, outer);
    ok(registry.deleteTag(ALICE, APP, V2));
    assertThat(collect().idle()).isTrue();
    assertRefused(
        registry.deleteManifest(ALICE, APP, inner.digest()),
        new Refusal.Referenced(inner.digest(), List.of(outer.digest())));
    assertThat(registry.deleteBlob(ALICE, APP, inner.digest())).isInstanceOf(Outcome.Refused.class);
    // The same bytes as a blob, too: nothing changes for anybody.
    upload(APP, inner.text());
    assertThat(collect().idle()).isTrue();
    long then = new History(registry).now().position();
    ok(registry.deleteManifest(ALICE, APP, outer.digest()));
    ok(registry.deleteManifest(ALICE, APP, inner.digest()));
    RestoreRequest request =
        new RestoreRequest(APP, new Moment.AtPosition(then), Optional.of(V1), false);
    assertThat(ok(restore().run(ALICE, request, 1)).done()).isTrue();
    collect();
    ok(registry.manifest(APP, by(inner.digest())));
    assertReads(APP, digest("layer"), "layer");
    ok(registry.deleteManifest(ALICE, APP, outer.digest()));
    collect();
    assertThat(registry.exists(APP)).isFalse();
    assertThat(objects()).isEmpty();
  }

  @Test
  @DisplayName("48: what is said to be there can be used at once, and a manifest keeps its type")
  void isThereThroughEitherAddress() throws Exception {
    Digest config = upload(APP, "{}");
    TestManifest image = TestManifest.image(config);
    Digest digest = put(APP, V1, image);
    BlobFacts facts = new BlobFacts(image.bytes().length, Optional.of(MediaTypes.OCI_IMAGE));
    assertThat(registry.blobFacts(APP, digest)).isEqualTo(Outcome.ok(facts));
    put(APP, V2, TestManifest.image(config, digest));
    put(APP, V3, TestManifest.orasArtifact(digest, digest));
    upload(APP, image.text());
    assertThat(registry.blobFacts(APP, digest)).isEqualTo(Outcome.ok(facts));
    assertThat(registry.blobLocation(APP, digest)).isEmpty();
    try (var content = ok(registry.blob(APP, digest))) {
      assertThat(content)
          .isInstanceOfSatisfying(
              ManifestContent.class,
              manifest -> assertThat(manifest.mediaType()).isEqualTo(MediaTypes.OCI_IMAGE));
    }
    History history = new History(registry);
    assertThat(history.blobFacts(history.now(), APP, digest)).isEqualTo(Outcome.ok(facts));
    assertThat(registry.blobFacts(APP, config))
        .isEqualTo(Outcome.ok(new BlobFacts(2, Optional.empty())));
  }

  @Test
  @DisplayName("49: a descriptor states the size of what it names, or the put is refused")
  void checksSizes() throws Exception {
    Digest config = upload(APP, "{}");
    Digest layer = upload(APP, "layer");
    Digest image = put(APP, V1, TestManifest.image(config, layer));
    List<String> before = types();
    String right = TestManifest.image(config, layer, config).text();
    assertInvalid(
        tryPut(APP, MediaTypes.OCI_IMAGE, bytes(right.replace("\"size\":5", "\"size\":999"))),
        "layers[0].size",
        "999",
        layer.toString(),
        "5");
    String index = TestManifest.index(image).text();
    assertInvalid(
        tryPut(APP, MediaTypes.OCI_INDEX, bytes(index.replaceFirst("\"size\":\\d+", "\"size\":1"))),
        "manifests[0].size");
    String referrer = TestManifest.orasArtifact(image, layer).text();
    assertInvalid(
        tryPut(
            APP,
            MediaTypes.ORAS_ARTIFACT,
            bytes(referrer.replaceFirst("\"size\":\\d+}}$", "\"size\":1}}"))),
        "subject.size");
    assertThat(types()).isEqualTo(before);
    TestManifest foreign =
        TestManifest.image(
            MediaTypes.DOCKER_IMAGE,
            "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
            config,
            digest("elsewhere"));
    put(APP, V2, foreign);
  }
}
