package dev.stele.registry;

import static dev.stele.registry.TestClient.ok;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.BlobContent;
import dev.stele.blob.BlobStore;
import dev.stele.blob.Chunk;
import dev.stele.blob.DiskBlobStore;
import dev.stele.blob.ObjectKey;
import dev.stele.blob.UploadId;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Sizes;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.projection.TagView;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The use cases, each with the events that it leaves. After every test the views equal a replay of
 * the log.
 */
class RegistryTest {
  private static final Caller ALICE = new Caller("alice", "request-1");
  private static final Caller BOB = new Caller("bob", "request-2");
  private static final RepositoryName APP = RepositoryName.parse("team/app");
  private static final RepositoryName OTHER = RepositoryName.parse("other");
  private static final Tag V1 = Tag.parse("v1");
  private static final Tag V2 = Tag.parse("v2");

  @TempDir Path folder;
  private RegistryFixture fixture;
  private Registry registry;

  @BeforeEach
  void open() throws IOException {
    fixture = RegistryFixture.onDisk(folder);
    registry = fixture.registry();
  }

  @AfterEach
  void theViewsEqualAReplay() {
    fixture.assertViewsEqualAReplay();
    fixture.close();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static Digest digest(byte[] content) {
    return Sizes.digest(content);
  }

  private Digest upload(RepositoryName repository, String content) throws IOException {
    UploadId id = registry.uploads().begin(repository, Digest.Algorithm.SHA256).id();
    Digest digest = digest(bytes(content));
    Outcome<Digest> outcome =
        registry
            .uploads()
            .finish(
                ALICE,
                repository,
                id,
                Chunk.streamed(new ByteArrayInputStream(bytes(content))),
                digest);
    assertThat(outcome).isEqualTo(Outcome.ok(digest));
    return digest;
  }

  private static byte[] image(Digest config, Digest... layers) {
    return TestManifest.image(config, layers).bytes();
  }

  private Outcome<PutManifest> put(Reference reference, byte[] manifest) {
    return registry.putManifest(ALICE, APP, reference, MediaTypes.OCI_IMAGE, manifest, List.of());
  }

  private List<String> types() {
    return registry.log().events(-1, 1000, EventFilter.ALL).stream().map(EventEntry::type).toList();
  }

  private String read(RepositoryName repository, Digest digest) throws IOException {
    try (BlobContent content = ok(registry.blob(repository, digest))) {
      return new String(content.stream(0, content.size()).readAllBytes(), StandardCharsets.UTF_8);
    } catch (dev.stele.blob.BadRangeException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void anImageGoesInAndOutAndEveryStepIsAnEvent() throws IOException {
    Digest config = upload(APP, "{}");
    Digest layer = upload(APP, "layer");
    byte[] manifest = image(config, layer);
    assertThat(put(V1, manifest))
        .isEqualTo(Outcome.ok(new PutManifest(digest(manifest), Optional.empty(), List.of(V1))));
    StoredManifest stored = ok(registry.manifest(APP, V1));
    assertThat(stored.bytes()).isEqualTo(manifest);
    assertThat(stored.mediaType()).isEqualTo(MediaTypes.OCI_IMAGE);
    assertThat(read(APP, layer)).isEqualTo("layer");
    assertThat(read(APP, digest(manifest)))
        .as("a manifest read as a blob")
        .isEqualTo(new String(manifest, StandardCharsets.UTF_8));
    assertThat(types())
        .containsExactly(
            "RepositoryCreated", "BlobUploaded", "BlobUploaded", "ManifestPut", "TagMoved");
    assertThat(registry.log().events(-1, 1000, EventFilter.ALL))
        .allSatisfy(
            event -> {
              assertThat(event.actor()).contains("alice");
              assertThat(event.requestId()).isEqualTo("request-1");
              assertThat(event.repository()).contains("team/app");
            })
        .extracting(EventEntry::position)
        .containsExactly(0L, 1L, 2L, 3L, 4L);
  }

  @Test
  void theSameAgainChangesNoViewButIsRecorded() throws IOException {
    Digest config = upload(APP, "{}");
    byte[] manifest = image(config);
    put(V1, manifest);
    upload(APP, "{}");
    put(V1, manifest);
    List<EventEntry> events = registry.log().events(3, 100, EventFilter.ALL);
    assertThat(events).extracting(EventEntry::type).containsExactly("BlobUploaded", "ManifestPut");
    assertThat(events.getFirst().data().get("stored").booleanValue()).isFalse();
    assertThat(events.getFirst().data().get("linked").booleanValue()).isFalse();
    assertThat(events.getLast().data().get("added").booleanValue()).isFalse();
    try (Stream<Path> files = Files.walk(folder.resolve("sha256"))) {
      assertThat(files.filter(Files::isRegularFile)).as("stored once").hasSize(1);
    }
  }

  @Test
  void aMovedTagLeavesTheOldManifestAndAHistory() throws IOException {
    Digest config = upload(APP, "{}");
    byte[] first = image(config);
    byte[] second = image(config, config);
    put(V1, first);
    registry.putManifest(BOB, APP, V1, MediaTypes.OCI_IMAGE, second, List.of(V2));
    assertThat(registry.manifest(APP, new Reference.ByDigest(digest(first))))
        .isInstanceOf(Outcome.Ok.class);
    registry.deleteTag(ALICE, APP, V1);
    List<TagView.Period> history = ok(registry.archive().tagHistory(APP, V1, 10, Optional.empty()));
    assertThat(history).hasSize(2);
    assertThat(history.getFirst().digest()).isEqualTo(digest(second));
    assertThat(history.getFirst().fromActor()).contains("bob");
    assertThat(history.getFirst().mediaType()).isEqualTo(MediaTypes.OCI_IMAGE);
    assertThat(history.getFirst().size()).isEqualTo(second.length);
    assertThat(history.getFirst().endedBy()).contains("deleted");
    assertThat(history.getFirst().untilActor()).contains("alice");
    assertThat(history.getLast().digest()).isEqualTo(digest(first));
    assertThat(history.getLast().endedBy()).contains("moved");
    assertThat(history.getLast().untilPosition()).contains(history.getFirst().fromPosition());
    assertThat(registry.manifest(APP, V1))
        .isEqualTo(Outcome.refused(new Refusal.UnknownManifest(APP, V1)));
    assertThat(registry.manifest(APP, V2)).isInstanceOf(Outcome.Ok.class);
  }

  @Test
  void whatAManifestRefersToMustBeThere() throws IOException {
    Digest config = upload(APP, "{}");
    Digest elsewhere = upload(OTHER, "elsewhere");
    assertThat(put(V1, image(config, elsewhere)))
        .isEqualTo(Outcome.refused(new Refusal.MissingContent(List.of(elsewhere))));
    assertThat(registry.mount(ALICE, APP, elsewhere, Optional.of(APP))).isFalse();
    assertThat(registry.mount(ALICE, APP, elsewhere, Optional.of(OTHER))).isTrue();
    assertThat(put(V1, image(config, elsewhere))).isInstanceOf(Outcome.Ok.class);
    Digest absent = digest(bytes("absent"));
    assertThat(
            registry.putManifest(
                ALICE,
                APP,
                V1,
                MediaTypes.OCI_INDEX,
                TestManifest.index(absent).bytes(),
                List.of()))
        .isEqualTo(Outcome.refused(new Refusal.MissingContent(List.of(absent))));
  }

  @Test
  void whereSparseManifestsAreAllowedLayersAndChildrenMayComeLaterOrNever() throws IOException {
    fixture.close();
    fixture =
        RegistryFixture.onDisk(
            folder.resolve("sparse"), RegistryOptions.DEFAULT.withSparseManifests(true));
    registry = fixture.registry();
    Digest config = upload(APP, "{}");
    Digest absent = digest(bytes("absent"));
    Digest image = digest(image(config, absent));
    Digest index = digest(TestManifest.index(absent).bytes());
    assertThat(put(V1, image(config, absent))).isInstanceOf(Outcome.Ok.class);
    assertThat(registry.blobSize(APP, absent))
        .isEqualTo(Outcome.refused(new Refusal.UnknownBlob(APP, absent)));
    assertThat(
            registry.putManifest(
                ALICE,
                APP,
                V2,
                MediaTypes.OCI_INDEX,
                TestManifest.index(absent).bytes(),
                List.of()))
        .isInstanceOf(Outcome.Ok.class);
    // What came later is in use from the start.
    upload(APP, "absent");
    assertThat(registry.deleteBlob(ALICE, APP, absent))
        .isEqualTo(
            Outcome.refused(
                new Refusal.Referenced(absent, Stream.of(image, index).sorted().toList())));
  }

  @Test
  void aRefusedManifestLeavesNoEvent() throws IOException {
    Digest config = upload(APP, "{}");
    byte[] manifest = image(config);
    int before = types().size();
    Digest wrong = digest(bytes("other"));
    assertThat(put(new Reference.ByDigest(wrong), manifest))
        .isEqualTo(Outcome.refused(new Refusal.DigestMismatch(wrong, digest(manifest))));
    assertThat(put(V1, bytes("{"))).isInstanceOf(Outcome.Refused.class);
    assertThat(put(V1, new byte[0])).isInstanceOf(Outcome.Refused.class);
    assertThat(registry.putManifest(ALICE, APP, V1, "text/plain", manifest, List.of()))
        .isInstanceOf(Outcome.Refused.class);
    assertThat(types()).hasSize(before);
    assertThat(registry.tags(APP, Optional.empty(), 10))
        .isEqualTo(Outcome.ok(new Page<>(List.of(), false)));
  }

  @Test
  void deletingByDigestTakesTheTagsAlongAndSaysWhy() throws IOException {
    Digest config = upload(APP, "{}");
    byte[] manifest = image(config);
    registry.putManifest(ALICE, APP, V1, MediaTypes.OCI_IMAGE, manifest, List.of(V2));
    assertThat(registry.deleteBlob(ALICE, APP, config))
        .isEqualTo(Outcome.refused(new Refusal.Referenced(config, List.of(digest(manifest)))));
    assertThat(registry.deleteManifest(BOB, APP, digest(manifest)))
        .isEqualTo(Outcome.ok(digest(manifest)));
    List<EventEntry> events =
        registry
            .log()
            .events(-1, 100, new EventFilter(Optional.of(APP), Optional.of("TagDeleted")));
    assertThat(events).hasSize(2);
    assertThat(events)
        .allSatisfy(
            event -> {
              assertThat(event.cause().get("kind").asText()).isEqualTo("DIGEST_DELETE");
              assertThat(event.cause().get("detail").asText())
                  .isEqualTo(digest(manifest).toString());
              assertThat(event.actor()).contains("bob");
            });
    assertThat(registry.deleteBlob(ALICE, APP, config)).isEqualTo(Outcome.ok(config));
    assertThat(registry.blobSize(APP, config))
        .isEqualTo(Outcome.refused(new Refusal.UnknownBlob(APP, config)));
    assertThat(registry.deleteManifest(BOB, APP, digest(manifest)))
        .isEqualTo(
            Outcome.refused(
                new Refusal.UnknownManifest(APP, new Reference.ByDigest(digest(manifest)))));
    assertThat(registry.deleteTag(BOB, OTHER, V1))
        .isEqualTo(Outcome.refused(new Refusal.UnknownRepository(OTHER)));
  }

  @Test
  void aManifestThatAnIndexListsStays() throws IOException {
    Digest config = upload(APP, "{}");
    byte[] child = image(config);
    put(new Reference.ByDigest(digest(child)), child);
    byte[] index = TestManifest.index(digest(child)).bytes();
    registry.putManifest(ALICE, APP, V1, MediaTypes.OCI_INDEX, index, List.of());
    assertThat(registry.deleteManifest(ALICE, APP, digest(child)))
        .isEqualTo(Outcome.refused(new Refusal.Referenced(digest(child), List.of(digest(index)))));
    registry.deleteManifest(ALICE, APP, digest(index));
    assertThat(registry.deleteManifest(ALICE, APP, digest(child))).isInstanceOf(Outcome.Ok.class);
  }

  @Test
  void referrersAreFoundBySubjectAndType() throws IOException {
    Digest config = upload(APP, "{}");
    Digest subject = digest(bytes("a subject that never came"));
    byte[] signature =
        bytes(
            """
            {"schemaVersion":2,"mediaType":"%s","artifactType":"application/signature",
             "config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"%s","size":2},"layers":[],
             "subject":{"mediaType":"%s","digest":"%s","size":3},"annotations":{"by":"\\ud83d\\ude00 \\u0000"}}\
            """
                .formatted(MediaTypes.OCI_IMAGE, config, MediaTypes.OCI_IMAGE, subject));
    Outcome<PutManifest> outcome = put(new Reference.ByDigest(digest(signature)), signature);
    assertThat(outcome)
        .isEqualTo(Outcome.ok(new PutManifest(digest(signature), Optional.of(subject), List.of())));
    Page<Descriptor> all = registry.referrers(APP, subject, Optional.empty(), Optional.empty(), 10);
    assertThat(all.items()).hasSize(1);
    assertThat(all.items().getFirst().annotations()).containsEntry("by", "\uD83D\uDE00 \0");
    assertThat(all.items().getFirst().artifactType()).contains("application/signature");
    assertThat(registry.referrers(APP, subject, Optional.of("other"), Optional.empty(), 10).items())
        .isEmpty();
    registry.deleteManifest(ALICE, APP, digest(signature));
    assertThat(registry.referrers(APP, subject, Optional.empty(), Optional.empty(), 10).items())
        .isEmpty();
  }

  @Test
  void aDamagedObjectCountsAsAbsentAndAnUploadRepairsIt() throws IOException {
    Digest layer = upload(APP, "layer");
    Path object;
    try (Stream<Path> files = Files.walk(folder.resolve("sha256"))) {
      object = files.filter(Files::isRegularFile).findFirst().orElseThrow();
    }
    Files.writeString(object, "lay");
    assertThat(registry.blobSize(APP, layer))
        .isEqualTo(Outcome.refused(new Refusal.UnknownBlob(APP, layer)));
    assertThat(registry.blob(APP, layer)).isInstanceOf(Outcome.Refused.class);
    assertThat(registry.mount(ALICE, OTHER, layer, Optional.of(APP))).isFalse();
    upload(OTHER, "layer");
    assertThat(read(APP, layer)).isEqualTo("layer");
    assertThat(types()).contains("BlobRepaired");
    Files.delete(object);
    assertThat(read(OTHER, layer)).isEqualTo("layer");
  }

  @Test
  void listsPageByKeyInByteOrder() throws IOException {
    for (String name : List.of("b", "a-b", "a/b", "a")) {
      upload(RepositoryName.parse(name), "x");
    }
    Page<RepositoryName> first = registry.repositories(Optional.empty(), 3);
    assertThat(first.items()).extracting(RepositoryName::value).containsExactly("a", "a-b", "a/b");
    assertThat(first.more()).isTrue();
    assertThat(registry.repositories(Optional.of("a/b"), 3))
        .isEqualTo(new Page<>(List.of(RepositoryName.parse("b")), false));
    assertThat(registry.tags(RepositoryName.parse("a"), Optional.empty(), 5))
        .isEqualTo(Outcome.ok(new Page<>(List.of(), false)));
    assertThat(registry.tags(RepositoryName.parse("nowhere"), Optional.empty(), 5))
        .isInstanceOf(Outcome.Refused.class);
  }

  @Test
  void anUploadThatFailsItsDigestLeavesNothing() throws IOException {
    UploadId id = registry.uploads().begin(APP, Digest.Algorithm.SHA256).id();
    Digest wrong = digest(bytes("other"));
    assertThat(
            registry
                .uploads()
                .finish(
                    ALICE, APP, id, Chunk.streamed(new ByteArrayInputStream(bytes("x"))), wrong))
        .isEqualTo(Outcome.refused(new Refusal.DigestMismatch(wrong, digest(bytes("x")))));
    assertThat(registry.uploads().status(APP, id))
        .isEqualTo(Outcome.refused(new Refusal.UnknownUpload(id)));
    assertThat(types()).isEmpty();
    assertThat(registry.exists(APP)).isFalse();
  }

  @Test
  void anUploadSucceedsThoughTheBytesThatItDidNotNeedCannotBeRemoved() throws Exception {
    BlobStore disk = new DiskBlobStore(folder.resolve("stubborn"));
    BlobStore stubborn =
        (BlobStore)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {BlobStore.class},
                (_, method, arguments) -> {
                  if (method.getName().equals("delete")) {
                    throw new IOException("by the test");
                  }
                  return method.invoke(disk, arguments);
                });
    try (disk;
        RegistryFixture other = new RegistryFixture(stubborn)) {
      for (int n = 0; n < 2; n++) {
        assertThat(
                other
                    .registry()
                    .putBlob(
                        ALICE,
                        APP,
                        digest(bytes("twice")),
                        OptionalLong.empty(),
                        new ByteArrayInputStream(bytes("twice"))))
            .isEqualTo(Outcome.ok(digest(bytes("twice"))));
      }
    }
  }

  @Test
  void anObjectThatIsReplacedBetweenLookUpAndOpeningIsReadWhereItIsNow() throws Exception {
    BlobStore disk = new DiskBlobStore(folder.resolve("moving"));
    AtomicReference<Runnable> beforeOpening = new AtomicReference<>();
    BlobStore moving =
        (BlobStore)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {BlobStore.class},
                (_, method, arguments) -> {
                  if (method.getName().equals("open")) {
                    Runnable once = beforeOpening.getAndSet(null);
                    if (once != null) {
                      disk.delete(List.of((ObjectKey) arguments[0]));
                      once.run();
                    }
                  }
                  try {
                    return method.invoke(disk, arguments);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
    fixture.close();
    fixture = new RegistryFixture(moving);
    registry = fixture.registry();
    Digest blob = upload(APP, "content");
    beforeOpening.set(
        () -> {
          try {
            assertThat(upload(OTHER, "content")).isEqualTo(blob);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    assertThat(read(APP, blob)).isEqualTo("content");
    assertThat(types()).contains("BlobRepaired");
    beforeOpening.set(
        () -> assertThat(registry.deleteBlob(ALICE, APP, blob)).isEqualTo(Outcome.ok(blob)));
    assertThat(registry.blob(APP, blob))
        .isEqualTo(Outcome.refused(new Refusal.UnknownBlob(APP, blob)));
    disk.close();
  }
}
