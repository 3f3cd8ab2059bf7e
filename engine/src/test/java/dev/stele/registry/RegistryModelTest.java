package dev.stele.registry;

import static dev.stele.registry.TestClient.ALICE;
import static dev.stele.registry.TestClient.ok;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Sizes;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.registry.RegistryModel.Document;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Any sequence of pushes, tags, mounts and deletions, against plain maps: every answer and every
 * read is the model's, and the views equal a replay.
 */
class RegistryModelTest {
  enum Kind {
    UPLOAD,
    MOUNT,
    PUT,
    DELETE_TAG,
    DELETE_MANIFEST,
    DELETE_BLOB
  }

  /** What the numbers mean is up to the kind; each chooses among the few that there are. */
  record Operation(Kind kind, int repository, int content, int other) {}

  private static final int BLOBS = 4;
  private static final List<Tag> TAGS = Stream.of("a", "b", "c").map(Tag::parse).toList();

  private static RegistryFixture fixture;
  private static Registry registry;
  private static int tries;

  /** All tries share the registry; each has names and content of its own. */
  @BeforeContainer
  static void open() throws IOException {
    fixture = RegistryFixture.inItsOwnFolder(RegistryOptions.DEFAULT);
    registry = fixture.registry();
  }

  @AfterContainer
  static void close() {
    fixture.assertViewsEqualAReplay();
    fixture.close();
  }

  @Provide
  Arbitrary<List<Operation>> operations() {
    // Pushes more often than deletions, so that there is something to delete.
    Arbitrary<Kind> kinds =
        Arbitraries.frequency(
            Tuple.of(5, Kind.UPLOAD),
            Tuple.of(2, Kind.MOUNT),
            Tuple.of(8, Kind.PUT),
            Tuple.of(2, Kind.DELETE_TAG),
            Tuple.of(2, Kind.DELETE_MANIFEST),
            Tuple.of(2, Kind.DELETE_BLOB));
    Arbitrary<Integer> choices = Arbitraries.integers().between(0, 59).withoutEdgeCases();
    return Combinators.combine(
            kinds, Arbitraries.integers().between(0, 2).withoutEdgeCases(), choices, choices)
        .as(Operation::new)
        .list()
        .ofMinSize(50)
        .ofMaxSize(120);
  }

  @Property(tries = 15, shrinking = ShrinkingMode.BOUNDED)
  void theRegistryIsWhatTheModelIs(@ForAll("operations") List<Operation> operations)
      throws IOException {
    Try one = new Try(tries++);
    for (Operation operation : operations) {
      one.run(operation);
    }
    one.compare();
  }

  /** One sequence, with the names and the content that it chooses among. */
  private static final class Try {
    private final RegistryModel model = new RegistryModel();
    private final String prefix;
    private final List<RepositoryName> names;
    private final List<byte[]> blobs;
    private final List<Document> documents = new ArrayList<>();

    Try(int number) {
      prefix = "try-%06d/".formatted(number);
      names = Stream.of("x", "y", "z").map(n -> RepositoryName.parse(prefix + n)).toList();
      blobs = IntStream.range(0, BLOBS).mapToObj(n -> bytes(prefix + n)).toList();
      Document plain = image(Optional.empty(), 0, 1);
      documents.add(plain);
      documents.add(image(Optional.empty(), 0, 1, 2));
      documents.add(image(Optional.of(plain.digest()), 3));
      documents.add(image(Optional.of(plain.digest()), 0, 2));
      documents.add(index());
      documents.add(index(documents.get(0), documents.get(1)));
      documents.add(index(documents.get(5), documents.get(2)));
    }

    private static byte[] bytes(String text) {
      return text.getBytes(StandardCharsets.UTF_8);
    }

    private Digest blob(int n) {
      return Sizes.digest(blobs.get(n % BLOBS));
    }

    private Document image(Optional<Digest> subject, int config, int... layers) {
      List<Digest> used =
          IntStream.concat(IntStream.of(config), IntStream.of(layers))
              .mapToObj(this::blob)
              .toList();
      TestManifest image =
          TestManifest.artifact(used.getFirst())
              .list("layers", "m", used.subList(1, used.size()))
              .subject(subject);
      return new Document(image.mediaType(), image.bytes(), used, List.of(), subject);
    }

    private Document index(Document... children) {
      List<Digest> digests = Stream.of(children).map(Document::digest).toList();
      TestManifest index = TestManifest.emptyIndex(prefix).list("manifests", "m", digests);
      return new Document(index.mediaType(), index.bytes(), List.of(), digests, Optional.empty());
    }

    void run(Operation operation) throws IOException {
      RepositoryName name = names.get(operation.repository());
      Document document = documents.get(operation.content() % documents.size());
      Tag tag = TAGS.get(operation.other() % TAGS.size());
      switch (operation.kind()) {
        case UPLOAD -> {
          byte[] content = blobs.get(operation.content() % BLOBS);
          Digest digest = blob(operation.content());
          assertThat(
                  registry.putBlob(
                      ALICE,
                      name,
                      digest,
                      OptionalLong.of(content.length),
                      new ByteArrayInputStream(content)))
              .isEqualTo(model.upload(name, digest));
        }
        case MOUNT -> {
          Digest digest = blob(operation.content());
          Optional<RepositoryName> from =
              operation.other() % 4 == 3
                  ? Optional.empty()
                  : Optional.of(names.get(operation.other() % 4));
          assertThat(registry.mount(ALICE, name, digest, from))
              .isEqualTo(model.mount(name, digest, from));
        }
        case PUT -> {
          boolean tagged = operation.other() % 4 != 3;
          Reference reference = tagged ? tag : new Reference.ByDigest(document.digest());
          assertThat(
                  registry.putManifest(
                      ALICE, name, reference, document.mediaType(), document.bytes(), List.of()))
              .isEqualTo(model.put(name, document, tagged ? List.of(tag) : List.of()));
        }
        case DELETE_TAG ->
            assertThat(registry.deleteTag(ALICE, name, tag)).isEqualTo(model.deleteTag(name, tag));
        case DELETE_MANIFEST ->
            assertThat(registry.deleteManifest(ALICE, name, document.digest()))
                .isEqualTo(model.deleteManifest(name, document.digest()));
        case DELETE_BLOB -> {
          Digest digest =
              operation.other() % 8 == 7 ? document.digest() : blob(operation.content());
          assertThat(registry.deleteBlob(ALICE, name, digest))
              .isEqualTo(model.deleteBlob(name, digest));
        }
      }
    }

    void compare() throws IOException {
      assertThat(registry.repositories(Optional.of(prefix), 3).items())
          .filteredOn(name -> name.value().startsWith(prefix))
          .containsExactlyElementsOf(model.repositories.keySet());
      for (Map.Entry<RepositoryName, RegistryModel.Repository> entry :
          model.repositories.entrySet()) {
        compare(entry.getKey(), entry.getValue());
      }
    }

    private void compare(RepositoryName name, RegistryModel.Repository expected)
        throws IOException {
      assertThat(registry.tags(name, Optional.empty(), 10))
          .isEqualTo(Outcome.ok(new Page<>(List.copyOf(expected.tags.keySet()), false)));
      for (byte[] blob : blobs) {
        Digest digest = Sizes.digest(blob);
        assertThat(registry.blobSize(name, digest))
            .isEqualTo(
                expected.links.contains(digest)
                    ? Outcome.ok((long) blob.length)
                    : Outcome.refused(new Refusal.UnknownBlob(name, digest)));
      }
      for (Document document : documents) {
        Reference byDigest = new Reference.ByDigest(document.digest());
        assertManifest(name, byDigest, expected.manifests.get(document.digest()));
        assertThat(
                registry
                    .referrers(name, document.digest(), Optional.empty(), Optional.empty(), 10)
                    .items())
            .extracting(Descriptor::digest)
            .containsExactlyElementsOf(
                expected.manifests.values().stream()
                    .filter(each -> each.subject().equals(Optional.of(document.digest())))
                    .map(Document::digest)
                    .toList());
      }
      for (Tag tag : TAGS) {
        Digest digest = expected.tags.get(tag);
        assertManifest(name, tag, digest == null ? null : expected.manifests.get(digest));
        if (expected.history.containsKey(tag)) {
          assertThat(ok(registry.archive().tagHistory(name, tag, 200, Optional.empty())))
              .map(period -> new RegistryModel.Period(period.digest(), period.endedBy()))
              .containsExactlyElementsOf(expected.history.get(tag));
        }
      }
    }

    private static void assertManifest(
        RepositoryName name, Reference reference, Document expected) {
      switch (registry.manifest(name, reference)) {
        case Outcome.Ok<StoredManifest>(StoredManifest found) -> {
          assertThat(expected).as("%s %s", name, reference).isNotNull();
          assertThat(found.bytes()).isEqualTo(expected.bytes());
          assertThat(found.mediaType()).isEqualTo(expected.mediaType());
          assertThat(found.digest()).isEqualTo(expected.digest());
        }
        case Outcome.Refused<StoredManifest>(Refusal refusal) -> {
          assertThat(expected).as("%s %s", name, reference).isNull();
          assertThat(refusal).isEqualTo(new Refusal.UnknownManifest(name, reference));
        }
      }
    }
  }
}
