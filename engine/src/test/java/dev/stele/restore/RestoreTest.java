package dev.stele.restore;

import static dev.stele.registry.TestClient.ALICE;
import static dev.stele.registry.TestClient.ok;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.event.Cause;
import dev.stele.gc.GcOptions;
import dev.stele.history.History;
import dev.stele.history.PastTag;
import dev.stele.log.AsOf;
import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.policy.HoldScope;
import dev.stele.policy.ImmutableTags;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.TestPolicies;
import dev.stele.registry.EventEntry;
import dev.stele.registry.EventFilter;
import dev.stele.registry.NewHold;
import dev.stele.registry.Outcome;
import dev.stele.registry.Refusal;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import dev.stele.registry.TestClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was deleted or moved comes back by events, whole or not at all. */
class RestoreTest {
  private static final RepositoryName APP = RepositoryName.parse("team/app");
  private static final Tag PROD = Tag.parse("prod");
  private static final GcOptions NO_GRACE = GcOptions.DEFAULT.withGrace(Duration.ZERO);

  @TempDir private Path folder;
  private RegistryFixture fixture;
  private Registry registry;
  private Restore restore;

  private void open(RegistryOptions options) throws IOException {
    fixture = RegistryFixture.onDisk(Files.createTempDirectory(folder, "store"), options);
    registry = fixture.registry();
    restore = fixture.engine().restore();
  }

  @AfterEach
  void close() throws IOException {
    if (registry == null) {
      return;
    }
    fixture.assertViewsEqualAReplay();
    fixture.close();
  }

  private Digest upload(String content) throws IOException {
    return TestClient.upload(registry, APP, content);
  }

  private Digest put(TestManifest manifest, Optional<Tag> tag) {
    return tag.isPresent()
        ? TestClient.push(registry, APP, tag.get(), manifest)
        : TestClient.put(registry, APP, manifest);
  }

  /** An image with a layer of that content. */
  private Digest push(String layer, Optional<Tag> tag) throws IOException {
    Digest config = upload("{\"of\":\"" + layer + "\"}");
    return put(TestManifest.artifact(config, upload(layer)), tag);
  }

  private Digest pushIndex(Tag tag, Digest child) {
    return put(TestManifest.index(child), Optional.of(tag));
  }

  private Digest sign(Digest subject) throws IOException {
    Digest signature = upload("signature of " + subject);
    return put(TestManifest.artifact(signature).subject(subject), Optional.empty());
  }

  private long newest() {
    return registry.archive().read(dev.stele.log.LogReader::nextPosition) - 1;
  }

  private RestoreRequest request(long at, Optional<Reference> what) {
    return new RestoreRequest(APP, new Moment.AtPosition(at), what, false);
  }

  private Restoration run(long at, Reference what) throws IOException {
    return ok(restore.run(ALICE, request(at, Optional.of(what)), 1));
  }

  private List<EventEntry> eventsAfter(long position) {
    return registry.log().events(position, 1000, EventFilter.ALL);
  }

  private Optional<Digest> target(Tag tag) {
    return switch (registry.manifest(APP, tag)) {
      case Outcome.Ok<dev.stele.registry.StoredManifest>(var manifest) ->
          Optional.of(manifest.digest());
      case Outcome.Refused<dev.stele.registry.StoredManifest> _ -> Optional.empty();
    };
  }

  private void adoptDeletingUntagged() {
    fixture.engine().retention().adopt(TestPolicies.DELETING_UNTAGGED);
  }

  /** What manifests list takes memory, too, however few the manifests are. */
  @Test
  void whatListsTooMuchIsRefused() throws Exception {
    open(RegistryOptions.DEFAULT);
    push("one", Optional.of(PROD));
    History history = new History(registry);
    for (Optional<Reference> what :
        List.of(Optional.<Reference>of(PROD), Optional.<Reference>empty())) {
      assertThat(Closure.of(history, history.now(), APP, what, 2)).isInstanceOf(Outcome.Ok.class);
      assertThat(Closure.of(history, history.now(), APP, what, 1))
          .isEqualTo(Outcome.refused(new Refusal.TooMuchToRestore(APP, Closure.MOST, 1)));
    }
  }

  @Test
  void aMovedTagMovesBack() throws Exception {
    open(RegistryOptions.DEFAULT);
    Digest one = push("one", Optional.of(PROD));
    long then = newest();
    Digest two = push("two", Optional.of(PROD));
    long before = newest();
    Restoration preview = ok(restore.preview(request(then, Optional.of(PROD))));
    assertThat(preview.done()).isFalse();
    assertThat(newest()).isEqualTo(before);
    Restoration done = run(then, PROD);
    assertThat(done.done()).isTrue();
    assertThat(done.items())
        .isEqualTo(preview.items())
        .containsExactly(
            new RestoreItem(
                RestoreItem.Kind.TAG, Optional.of(PROD), one, Optional.of(two), Optional.empty()));
    assertThat(target(PROD)).contains(one);
    assertThat(eventsAfter(before))
        .singleElement()
        .satisfies(
            event -> {
              assertThat(event.type()).isEqualTo("TagRestored");
              assertThat(event.actor()).contains("alice");
              assertThat(event.cause().get("kind").asText()).isEqualTo(Cause.Kind.RESTORE.name());
              assertThat(event.data().get("restoredFrom").asText()).isEqualTo(Long.toString(then));
            });
    assertThat(run(then, PROD).items()).as("nothing is left to restore").isEmpty();
    assertThat(ok(registry.archive().tagHistory(APP, PROD, 10, Optional.empty())))
        .extracting(period -> period.digest())
        .containsExactly(one, two, one);
    History history = new History(registry);
    AsOf asOf = ok(history.asOf(new Moment.AtPosition(before)));
    assertThat(ok(history.tag(asOf, APP, PROD))).extracting(PastTag::digest).isEqualTo(two);
    assertThat(ok(history.tag(history.now(), APP, PROD)))
        .extracting(PastTag::digest)
        .isEqualTo(one);
  }

  @Test
  void whatWasDeletedAndUnlinkedComesBackWithChildrenAndReferrers() throws Exception {
    open(RegistryOptions.DEFAULT.withGc(NO_GRACE));
    Digest image = push("layer", Optional.empty());
    Digest index = pushIndex(PROD, image);
    Digest signature = sign(index);
    long then = newest();
    for (Digest manifest : List.of(index, image, signature)) {
      ok(registry.deleteManifest(ALICE, APP, manifest));
    }
    for (Digest blob : registry.blobs(APP, Optional.empty(), 10).items()) {
      ok(registry.deleteBlob(ALICE, APP, blob));
    }
    long before = newest();
    Restoration restored = run(then, PROD);
    assertThat(restored.items())
        .extracting(RestoreItem::kind)
        .containsExactly(
            RestoreItem.Kind.BLOB,
            RestoreItem.Kind.BLOB,
            RestoreItem.Kind.BLOB,
            RestoreItem.Kind.MANIFEST,
            RestoreItem.Kind.MANIFEST,
            RestoreItem.Kind.MANIFEST,
            RestoreItem.Kind.TAG);
    assertThat(restored.items())
        .filteredOn(item -> item.kind() == RestoreItem.Kind.MANIFEST)
        .extracting(RestoreItem::digest)
        .containsExactly(image, index, signature);
    assertThat(eventsAfter(before))
        .allMatch(event -> event.cause().get("kind").asText().equals("RESTORE"))
        .extracting(EventEntry::type)
        .containsExactly(
            "BlobMounted",
            "BlobMounted",
            "BlobMounted",
            "ManifestPut",
            "ManifestPut",
            "ManifestPut",
            "TagRestored");
    assertThat(target(PROD)).contains(index);
    assertThat(registry.referrers(APP, index, Optional.empty(), Optional.empty(), 10).items())
        .hasSize(1);
    registry.collecting().run();
    assertThat(registry.blobs(APP, Optional.empty(), 10).items())
        .as("what was restored is reached again")
        .hasSize(3);
  }

  @Test
  void aRepositoryThatWasRemovedComesBackAsAWhole() throws Exception {
    open(RegistryOptions.DEFAULT.withGc(NO_GRACE));
    Digest one = push("one", Optional.of(PROD));
    Digest two = push("two", Optional.of(Tag.parse("next")));
    Digest untagged = push("three", Optional.empty());
    long then = newest();
    // Another repository keeps the bytes.
    RepositoryName copy = RepositoryName.parse("copy");
    for (Digest blob : registry.blobs(APP, Optional.empty(), 10).items()) {
      assertThat(registry.mount(ALICE, copy, blob, Optional.of(APP))).isTrue();
    }
    UUID hold = UUID.randomUUID();
    ok(
        registry
            .holds()
            .place(ALICE, new NewHold(hold, HoldScope.of(copy), false, "keeps the bytes")));
    for (Digest manifest : List.of(one, two, untagged)) {
      ok(registry.deleteManifest(ALICE, APP, manifest));
    }
    registry.collecting().run();
    assertThat(registry.exists(APP)).isFalse();
    assertThat(ok(restore.run(ALICE, request(then, Optional.empty()), 1)).done()).isTrue();
    assertThat(target(PROD)).contains(one);
    assertThat(target(Tag.parse("next"))).contains(two);
    ok(registry.manifest(APP, new Reference.ByDigest(untagged)));
    assertThat(registry.blobs(APP, Optional.empty(), 10).items()).hasSize(6);
  }

  @Test
  void whatWasSweptIsToldAndNothingIsRestored() throws Exception {
    open(RegistryOptions.DEFAULT.withGc(NO_GRACE));
    Digest gone = push("gone", Optional.of(PROD));
    Digest kept = push("kept", Optional.of(Tag.parse("next")));
    long then = newest();
    ok(registry.deleteManifest(ALICE, APP, gone));
    registry.collecting().run();
    ok(registry.deleteTag(ALICE, APP, Tag.parse("next")));
    long before = newest();
    Restoration refused = ok(restore.run(ALICE, request(then, Optional.empty()), 1));
    assertThat(refused.done()).isFalse();
    assertThat(newest()).isEqualTo(before);
    assertThat(refused.impossible())
        .extracting(RestoreItem::kind)
        .containsExactly(
            RestoreItem.Kind.BLOB,
            RestoreItem.Kind.BLOB,
            RestoreItem.Kind.MANIFEST,
            RestoreItem.Kind.TAG);
    assertThat(refused.impossible().getFirst().obstacle())
        .hasValueSatisfying(
            obstacle ->
                assertThat(obstacle)
                    .isInstanceOfSatisfying(
                        RestoreItem.Obstacle.Gone.class,
                        told ->
                            assertThat(told.story().story())
                                .extracting(EventEntry::type)
                                .containsExactly("ManifestDeleted", "BlobUnlinked", "BlobSwept")));
    RestoreRequest available =
        new RestoreRequest(APP, new Moment.AtPosition(then), Optional.empty(), true);
    assertThat(ok(restore.run(ALICE, available, 1)).done()).isTrue();
    assertThat(target(Tag.parse("next"))).contains(kept);
    assertThat(target(PROD)).isEmpty();
  }

  @Test
  void aRecyclePeriodKeepsWhatTheGracePeriodWouldNot() throws Exception {
    open(RegistryOptions.DEFAULT.withGc(NO_GRACE.withRecycle(Duration.ofHours(1))));
    Digest deleted = push("deleted", Optional.of(PROD));
    long then = newest();
    ok(registry.deleteManifest(ALICE, APP, deleted));
    for (Digest blob : registry.blobs(APP, Optional.empty(), 10).items()) {
      ok(registry.deleteBlob(ALICE, APP, blob));
    }
    assertThat(registry.collecting().run().idle()).isTrue();
    assertThat(run(then, PROD).done()).isTrue();
    assertThat(target(PROD)).contains(deleted);
  }

  @Test
  void aManifestComesBackByItsDigestAndKeepsAGracePeriod() throws Exception {
    open(RegistryOptions.DEFAULT);
    adoptDeletingUntagged();
    Digest image = push("layer", Optional.of(PROD));
    long then = newest();
    ok(registry.deleteManifest(ALICE, APP, image));
    assertThat(run(then, new Reference.ByDigest(image)).done()).isTrue();
    ok(registry.manifest(APP, new Reference.ByDigest(image)));
    assertThat(target(PROD)).isEmpty();
    assertThat(registry.collecting().run().tally().manifests()).isZero();
  }

  @Test
  void frozenAndImmutableTagsAreRespected() throws Exception {
    open(
        RegistryOptions.DEFAULT.withImmutableTags(
            new ImmutableTags(
                List.of(
                    new ImmutableTags.Rule(List.of(RepositoryGlob.parse("team/*")), List.of())))));
    push("one", Optional.of(PROD));
    long then = newest();
    assertThat(registry.deleteTag(ALICE, APP, PROD))
        .isInstanceOfSatisfying(
            Outcome.Refused.class,
            refused -> assertThat(refused.refusal()).isInstanceOf(Refusal.ImmutableTag.class));
    assertThat(run(then, PROD).items()).isEmpty();
    fixture.close();
    open(RegistryOptions.DEFAULT);
    push("one", Optional.of(PROD));
    long first = newest();
    push("two", Optional.of(PROD));
    ok(
        registry
            .holds()
            .place(
                ALICE,
                new NewHold(
                    UUID.randomUUID(),
                    new HoldScope(RepositoryGlob.parse("**"), Optional.of(PROD), Optional.empty()),
                    true,
                    "frozen")));
    Restoration refused = run(first, PROD);
    assertThat(refused.done()).isFalse();
    assertThat(refused.impossible())
        .singleElement()
        .satisfies(
            item ->
                assertThat(item.obstacle().orElseThrow())
                    .isInstanceOf(RestoreItem.Obstacle.Forbidden.class));
  }

  @Test
  void whatWasNotThereThenIsRefused() throws Exception {
    open(RegistryOptions.DEFAULT);
    long before = newest();
    push("one", Optional.of(PROD));
    assertThat(restore.run(ALICE, request(newest(), Optional.of(Tag.parse("other"))), 1))
        .isInstanceOfSatisfying(
            Outcome.Refused.class,
            refused -> assertThat(refused.refusal()).isInstanceOf(Refusal.NoManifestThen.class));
    assertThat(restore.run(ALICE, request(newest() + 1, Optional.of(PROD)), 1))
        .isInstanceOfSatisfying(
            Outcome.Refused.class,
            refused -> assertThat(refused.refusal()).isInstanceOf(Refusal.NotYet.class));
    assertThat(before).isEqualTo(-1);
  }

  /**
   * Those of its blobs that are unlinked come first; putting it is one command that looks at all.
   */
  @Test
  void aManifestOfManyBlobsComesBackInBatches() throws Exception {
    open(RegistryOptions.DEFAULT.withGc(NO_GRACE));
    List<Digest> layers = new ArrayList<>();
    for (int n = 0; n < 2 * Restore.AT_ONCE; n++) {
      layers.add(upload("layer " + n));
    }
    TestManifest manifest = TestManifest.artifact(upload("{}")).list("layers", "a/layer", layers);
    Digest image = put(manifest, Optional.of(PROD));
    long then = newest();
    ok(registry.deleteManifest(ALICE, APP, image));
    ok(restore.run(ALICE, request(then, Optional.of(PROD)), 1));
    assertThat(target(PROD)).contains(image);
  }

  @Test
  void whatACommandRestoresIsBoundedByWhatItLooksAt() {
    assertThat(Restore.batches(List.of(150, 50, 1, 10_000, 3, 197, 1), weight -> weight))
        .containsExactly(
            List.of(150, 50), List.of(1), List.of(10_000), List.of(3, 197), List.of(1));
    assertThat(Restore.batches(Collections.nCopies(130, 1), weight -> weight))
        .extracting(List::size)
        .containsExactly(64, 64, 2);
    assertThat(Restore.batches(List.<Integer>of(), weight -> weight)).isEmpty();
  }

  @Test
  void manyThingsComeBackInBatches() throws Exception {
    open(RegistryOptions.DEFAULT);
    Digest image = push("layer", Optional.empty());
    for (int n = 0; n < 2 * Restore.AT_ONCE; n++) {
      put(TestManifest.index(image).annotation("n", "" + n), Optional.of(Tag.parse("t" + n)));
    }
    long then = newest();
    for (Tag tag : ok(registry.tags(APP, Optional.empty(), 1000)).items()) {
      ok(registry.deleteManifest(ALICE, APP, target(tag).orElseThrow()));
    }
    assertThat(ok(restore.run(ALICE, request(then, Optional.empty()), 1)).items())
        .hasSize(4 * Restore.AT_ONCE);
    assertThat(ok(registry.tags(APP, Optional.empty(), 1000)).items()).hasSize(2 * Restore.AT_ONCE);
  }
}
