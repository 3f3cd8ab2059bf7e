package dev.stele.history;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.gc.GcOptions;
import dev.stele.history.ExposureModel.Document;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Sizes;
import dev.stele.oci.Tag;
import dev.stele.policy.TestPolicies;
import dev.stele.projection.Verification;
import dev.stele.registry.Caller;
import dev.stele.registry.EventEntry;
import dev.stele.registry.EventFilter;
import dev.stele.registry.Outcome;
import dev.stele.registry.Page;
import dev.stele.registry.PullRecording;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
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
 * Random pushes, moves, pulls, deletions and collections of images that share layers, are built on
 * each other and are in indexes of indexes: of every digest is told what a look through all events
 * and documents finds, whatever the size of the pages, and the views equal a replay.
 */
class ExposureModelTest {
  enum Kind {
    PUSH,
    DELETE_TAG,
    DELETE_MANIFEST,
    PULL,
    COLLECT
  }

  /** What the numbers mean is up to the kind; each chooses among the few that there are. */
  record Operation(Kind kind, int repository, int content, int tag, int actor) {}

  private static final List<Tag> TAGS = Stream.of("a", "b").map(Tag::parse).toList();
  private static final List<Caller> CALLERS =
      List.of(new Caller("alice", "r"), new Caller("bob", "r"));

  private static RegistryFixture fixture;
  private static Registry registry;
  private static Exposure exposure;
  private static int tries;

  /** All tries share the registry; each has names and content of its own. */
  @BeforeContainer
  static void open() throws IOException {
    fixture =
        RegistryFixture.inItsOwnFolder(
            RegistryOptions.DEFAULT
                .withSparseManifests(true)
                .withPulls(PullRecording.EVERY)
                .withGc(GcOptions.DEFAULT.disabled().withGrace(Duration.ZERO)));
    registry = fixture.registry();
    exposure = new Exposure(registry);
    // Every tag stays; what has none goes.
    fixture.engine().retention().adopt(TestPolicies.DELETING_UNTAGGED);
  }

  @AfterContainer
  static void close() {
    assertThat(registry.upkeep().verifyProjections().results())
        .allMatch(Verification.Result::equal)
        .filteredOn(
            result -> result.projection().equals("exposure") && !result.table().endsWith("pull"))
        .hasSize(3)
        .allMatch(result -> result.rows() > 0);
    fixture.close();
  }

  @Provide
  Arbitrary<List<Operation>> operations() {
    Arbitrary<Kind> kinds =
        Arbitraries.frequency(
            Tuple.of(8, Kind.PUSH),
            Tuple.of(2, Kind.DELETE_TAG),
            Tuple.of(2, Kind.DELETE_MANIFEST),
            Tuple.of(5, Kind.PULL),
            Tuple.of(1, Kind.COLLECT));
    Arbitrary<Integer> choices = Arbitraries.integers().between(0, 59).withoutEdgeCases();
    return Combinators.combine(kinds, choices, choices, choices, choices)
        .as(Operation::new)
        .list()
        .ofMinSize(15)
        .ofMaxSize(60);
  }

  @Property(tries = 12, shrinking = ShrinkingMode.BOUNDED)
  void everyDigestIsFoundWhereItWas(@ForAll("operations") List<Operation> operations) {
    long before = exposure.now().position();
    Try one = new Try(tries++);
    for (Operation operation : operations) {
      one.run(operation);
    }
    one.compare(before);
  }

  /** One sequence, with the names and the content that it chooses among. */
  private static final class Try {
    private final List<RepositoryName> names;
    private final List<Digest> blobs;
    private final List<Document> documents;
    private final Digest unknown;

    Try(int number) {
      String prefix = "try-%06d/".formatted(number);
      names = Stream.of("x", "y").map(name -> RepositoryName.parse(prefix + name)).toList();
      blobs = Stream.of("0", "1", "2", "3").map(n -> digest(prefix + n)).toList();
      unknown = digest(prefix + "unknown");
      documents = documents(blobs);
    }

    private static Digest digest(String content) {
      return Sizes.digest(content.getBytes(UTF_8));
    }

    private static List<Document> documents(List<Digest> blobs) {
      Digest one = blobs.get(0);
      Digest two = blobs.get(1);
      Digest three = blobs.get(2);
      Digest config = blobs.get(3);
      Document base = image(config, List.of(one), Optional.empty());
      Document built = image(config, List.of(one, two), Optional.empty());
      Document otherOrder = image(config, List.of(two, one), Optional.empty());
      Document twice = image(config, List.of(one, two, one), Optional.empty());
      Document index = Document.index(base.digest(), built.digest());
      Document squashed = image(config, List.of(three), Optional.of(index.digest().toString()));
      Document lies = image(three, List.of(two), Optional.of("sha256:none"));
      Document empty = image(one, List.of(), Optional.empty());
      Document artifact =
          Document.image(
              false, config, List.of(one, config), Optional.of(base.digest()), Optional.empty());
      Document above = Document.index(index.digest(), twice.digest(), artifact.digest());
      Document top = Document.index(above.digest(), index.digest(), squashed.digest());
      return List.of(
          base, built, otherOrder, twice, index, squashed, lies, empty, artifact, above, top);
    }

    private static Document image(Digest config, List<Digest> layers, Optional<String> base) {
      return Document.image(true, config, layers, Optional.empty(), base);
    }

    void run(Operation operation) {
      RepositoryName name = names.get(operation.repository() % names.size());
      Document document = documents.get(operation.content() % documents.size());
      Tag tag = TAGS.get(operation.tag() % TAGS.size());
      boolean tagged = operation.tag() % 3 > 0;
      Caller caller = CALLERS.get(operation.actor() % CALLERS.size());
      switch (operation.kind()) {
        case PUSH -> {
          Reference reference = tagged ? tag : new Reference.ByDigest(document.digest());
          assertThat(
                  registry.putManifest(
                      caller, name, reference, document.mediaType(), document.bytes(), List.of()))
              .isInstanceOf(Outcome.Ok.class);
        }
        // These two may be refused: then nothing was there, and nothing happened.
        case DELETE_TAG -> assertThat(registry.deleteTag(caller, name, tag)).isNotNull();
        case DELETE_MANIFEST ->
            assertThat(registry.deleteManifest(caller, name, document.digest())).isNotNull();
        case PULL ->
            registry
                .pulls()
                .recordManifest(
                    caller, name, document.digest(), Optional.of(tag).filter(_ -> tagged));
        case COLLECT -> assertThat(registry.collecting().run().failure()).isEmpty();
      }
    }

    void compare(long before) {
      exposure.now();
      List<EventEntry> events = registry.log().events(before, 100_000, EventFilter.ALL);
      ExposureModel model = new ExposureModel(documents, events);
      Set<Digest> all = new TreeSet<>(blobs);
      documents.forEach(document -> all.add(document.digest()));
      all.add(unknown);
      for (Digest digest : all) {
        for (int limit : new int[] {1, 2, 3, 100}) {
          assertThat(manifests(digest, limit)).isEqualTo(model.manifests(digest));
        }
        for (int limit : new int[] {1, 100}) {
          assertThat(
                  all(
                      (Optional<ExposedPlace> last, Integer n) -> exposure.places(digest, last, n),
                      limit))
              .isEqualTo(model.places(digest));
          assertThat(
                  all(
                      (Optional<TagPeriod> last, Integer n) -> exposure.tags(digest, last, n),
                      limit))
              .isEqualTo(model.tags(digest));
          assertThat(
                  all(
                      (Optional<ActorPulls> last, Integer n) -> exposure.pulls(digest, last, n),
                      limit))
              .extracting(Try::told)
              .containsExactlyInAnyOrderElementsOf(model.pulls(digest));
        }
      }
      exposure
          .where(all, 100)
          .forEach(
              (digest, where) -> {
                assertThat(where.places().items()).isEqualTo(model.places(digest));
                assertThat(where.tags().items()).isEqualTo(model.tags(digest));
                assertThat(where.pulls().items()).hasSameSizeAs(model.pulls(digest));
              });
    }

    private static String told(ActorPulls pulls) {
      return ExposureModel.told(
          pulls.repository(),
          pulls.tag().map(Tag::value),
          pulls.actor(),
          pulls.count(),
          pulls.first(),
          pulls.last());
    }

    private static List<Exposed> manifests(Digest digest, int limit) {
      List<Exposed> found = new ArrayList<>();
      Optional<ExposurePage.Key> after = Optional.empty();
      do {
        ExposurePage page = exposure.manifests(digest, after, limit);
        assertThat(page.manifests()).hasSizeLessThanOrEqualTo(limit);
        found.addAll(page.manifests());
        after = page.next();
      } while (after.isPresent());
      return found;
    }

    /** All pages of a list, one after the other. */
    private static <T> List<T> all(BiFunction<Optional<T>, Integer, Page<T>> pages, int limit) {
      List<T> items = new ArrayList<>();
      Page<T> page;
      do {
        page =
            pages.apply(items.isEmpty() ? Optional.empty() : Optional.of(items.getLast()), limit);
        items.addAll(page.items());
      } while (page.more());
      return items;
    }
  }
}
