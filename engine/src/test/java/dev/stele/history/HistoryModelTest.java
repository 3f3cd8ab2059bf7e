package dev.stele.history;

import static dev.stele.registry.TestClient.ALICE;
import static dev.stele.registry.TestClient.ok;
import static dev.stele.registry.TestClient.upload;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.BlobContent;
import dev.stele.gc.GcOptions;
import dev.stele.history.HistoryModel.Document;
import dev.stele.log.AsOf;
import dev.stele.log.Moment;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Sizes;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.policy.TestPolicies;
import dev.stele.projection.Verification;
import dev.stele.registry.BlobFacts;
import dev.stele.registry.EventEntry;
import dev.stele.registry.EventFilter;
import dev.stele.registry.Outcome;
import dev.stele.registry.Page;
import dev.stele.registry.Refusal;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import dev.stele.registry.StoredManifest;
import dev.stele.restore.Restoration;
import dev.stele.restore.RestoreRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Random pushes, moves, deletions, restores and collections: whatever is asked as of any position,
 * the answer is what the model was then, and the views equal a replay.
 */
class HistoryModelTest {
  enum Kind {
    PUSH,
    DELETE_TAG,
    DELETE_MANIFEST,
    COLLECT,
    RESTORE
  }

  /** What the numbers mean is up to the kind; each chooses among the few that there are. */
  record Operation(Kind kind, int repository, int content, int tag) {}

  private static final List<Tag> TAGS = Stream.of("a", "b", "c").map(Tag::parse).toList();

  private static RegistryFixture fixture;
  private static Registry registry;
  private static History history;
  private static int tries;

  /** All tries share the registry; each has names and content of its own. */
  @BeforeContainer
  static void open() throws IOException {
    fixture =
        RegistryFixture.inItsOwnFolder(
            RegistryOptions.DEFAULT.withGc(GcOptions.DEFAULT.disabled().withGrace(Duration.ZERO)));
    registry = fixture.registry();
    history = new History(registry);
    // Every tag stays; what has none goes.
    fixture.engine().retention().adopt(TestPolicies.DELETING_UNTAGGED);
  }

  @AfterContainer
  static void close() {
    assertThat(registry.upkeep().verifyProjections().results())
        .allMatch(Verification.Result::equal)
        .filteredOn(result -> result.table().equals("manifest_history"))
        .allMatch(result -> result.rows() > 0);
    fixture.close();
  }

  @Provide
  Arbitrary<List<Operation>> operations() {
    Arbitrary<Kind> kinds =
        Arbitraries.frequency(
            Tuple.of(8, Kind.PUSH),
            Tuple.of(3, Kind.DELETE_TAG),
            Tuple.of(2, Kind.DELETE_MANIFEST),
            Tuple.of(2, Kind.COLLECT),
            Tuple.of(4, Kind.RESTORE));
    Arbitrary<Integer> choices = Arbitraries.integers().between(0, 59).withoutEdgeCases();
    return Combinators.combine(
            kinds, Arbitraries.integers().between(0, 1).withoutEdgeCases(), choices, choices)
        .as(Operation::new)
        .list()
        .ofMinSize(15)
        .ofMaxSize(40);
  }

  @Property(tries = 8, shrinking = ShrinkingMode.BOUNDED)
  void thePastIsWhatTheModelWas(@ForAll("operations") List<Operation> operations) throws Exception {
    Try one = new Try(tries++);
    for (Operation operation : operations) {
      one.run(operation);
    }
    one.run(new Operation(Kind.COLLECT, 0, 0, 0));
    one.compare();
  }

  /** The random ones need not hit it. */
  @Example
  void aDeletedManifestComesBackWithItsTag() throws Exception {
    Try one = new Try(tries++);
    for (Kind kind : List.of(Kind.PUSH, Kind.DELETE_MANIFEST, Kind.RESTORE, Kind.COLLECT)) {
      one.run(new Operation(kind, 0, 0, 0));
    }
    one.compare();
    assertThat(one.model.present(one.names.getFirst()).orElseThrow().tags()).hasSize(1);
  }

  private static long newestPosition() {
    return history.now().position();
  }

  /** One sequence, with the names and the content that it chooses among. */
  private static final class Try {
    private final String prefix;
    private final List<RepositoryName> names;
    private final List<byte[]> blobs;
    private final HistoryModel model;
    private final long before = newestPosition();
    private int collections;

    Try(int number) {
      prefix = "try-%06d/".formatted(number);
      names = Stream.of("x", "y").map(name -> RepositoryName.parse(prefix + name)).toList();
      blobs = Stream.of("0", "1", "2").map(n -> (prefix + n).getBytes(UTF_8)).toList();
      Document first = image(Optional.empty(), 0, 1);
      Document second = image(Optional.empty(), 0, 2);
      model =
          new HistoryModel(
              before + 1,
              List.of(
                  first,
                  second,
                  image(Optional.empty(), 1, 2),
                  image(Optional.of(first.digest()), 2, 0),
                  index(first, second)));
    }

    private Digest blob(int n) {
      return Sizes.digest(blobs.get(n));
    }

    private Document image(Optional<Digest> subject, int config, int layer) {
      TestManifest image = TestManifest.artifact(blob(config), blob(layer)).subject(subject);
      return new Document(
          image.mediaType(), image.bytes(), List.of(blob(config), blob(layer)), List.of(), subject);
    }

    private static Document index(Document one, Document other) {
      TestManifest index =
          TestManifest.index(MediaTypes.OCI_INDEX, "m", one.digest(), other.digest());
      return new Document(
          index.mediaType(),
          index.bytes(),
          List.of(),
          List.of(one.digest(), other.digest()),
          Optional.empty());
    }

    void run(Operation operation) throws IOException {
      RepositoryName name = names.get(operation.repository());
      Document document = model.documents().get(operation.content() % model.documents().size());
      Tag tag = TAGS.get(operation.tag() % TAGS.size());
      switch (operation.kind()) {
        case PUSH -> {
          for (Digest digest : document.blobs()) {
            byte[] content =
                blobs.stream()
                    .filter(b -> Sizes.digest(b).equals(digest))
                    .findFirst()
                    .orElseThrow();
            upload(registry, name, content);
            model.upload(name, digest);
          }
          assertAccepted(
              registry.putManifest(
                  ALICE, name, tag, document.mediaType(), document.bytes(), List.of()),
              model.put(name, document, tag));
        }
        case DELETE_TAG ->
            assertAccepted(registry.deleteTag(ALICE, name, tag), model.deleteTag(name, tag));
        case DELETE_MANIFEST ->
            assertAccepted(
                registry.deleteManifest(ALICE, name, document.digest()),
                model.deleteManifest(name, document.digest()));
        case COLLECT -> {
          assertThat(registry.collecting().run().failure()).isEmpty();
          for (EventEntry event : registry.log().events(model.newest(), 1000, EventFilter.ALL)) {
            model.collected(event);
          }
          collections++;
        }
        case RESTORE -> {
          List<Long> useful = model.otherwise(name, tag);
          int choice = operation.content();
          restore(
              name, tag, useful.isEmpty() ? before + choice : useful.get(choice % useful.size()));
        }
      }
      assertThat(newestPosition()).as("%s", operation).isEqualTo(model.newest());
    }

    private void restore(RepositoryName name, Tag tag, long position) throws IOException {
      Outcome<Restoration> outcome =
          fixture
              .engine()
              .restore()
              .run(
                  ALICE,
                  new RestoreRequest(
                      name, new Moment.AtPosition(position), Optional.of(tag), false),
                  1);
      List<EventEntry> events = registry.log().events(model.newest(), 1000, EventFilter.ALL);
      HistoryModel.Repository then =
          position > model.newest() ? null : model.at(position).repositories().get(name);
      Digest digest = then == null ? null : then.tags().get(tag);
      if (digest == null) {
        assertThat(outcome).isInstanceOf(Outcome.Refused.class);
        assertThat(events).isEmpty();
        return;
      }
      Set<Digest> closure = HistoryModel.closure(then, digest);
      boolean available = model.available(then, closure);
      assertThat(ok(outcome).done()).as("position %d", position).isEqualTo(available);
      if (!available) {
        assertThat(events).isEmpty();
        return;
      }
      events.forEach(event -> model.restored(name, then, closure, event));
      HistoryModel.Repository now = model.present(name).orElseThrow();
      assertThat(now.tags()).containsEntry(tag, digest);
      assertThat(now.manifests().keySet()).containsAll(closure);
      for (Digest manifest : closure) {
        assertThat(now.links()).containsAll(then.manifests().get(manifest).blobs());
      }
    }

    private static void assertAccepted(Outcome<?> outcome, boolean accepted) {
      assertThat(outcome instanceof Outcome.Ok).as("%s", outcome).isEqualTo(accepted);
    }

    void compare() throws IOException {
      assertThat(collections).isPositive();
      for (long position = before; position <= model.newest(); position++) {
        AsOf asOf = ok(history.asOf(new Moment.AtPosition(position)));
        HistoryModel.State state = model.at(position);
        assertThat(history.repositories(asOf, Optional.of(prefix), 3).items())
            .filteredOn(name -> name.value().startsWith(prefix))
            .containsExactlyElementsOf(state.repositories().keySet());
        for (RepositoryName name : names) {
          HistoryModel.Repository repository = state.repositories().get(name);
          if (repository == null) {
            assertNotThere(asOf, name);
          } else {
            compare(asOf, name, repository);
          }
          long other = before + (position * 31) % (model.newest() - before + 1);
          compareDiff(Math.min(position, other), Math.max(position, other), name);
        }
      }
      compareInstants();
    }

    private static void assertNotThere(AsOf asOf, RepositoryName name) throws IOException {
      Outcome<?> none = Outcome.refused(new Refusal.NoRepositoryThen(name, asOf));
      assertThat(history.tags(asOf, name, Optional.empty(), 10)).isEqualTo(none);
      assertThat(history.manifests(asOf, name, Optional.empty(), 10)).isEqualTo(none);
      assertThat(history.tag(asOf, name, TAGS.getFirst())).isEqualTo(none);
      assertThat(history.manifest(asOf, name, TAGS.getFirst())).isEqualTo(none);
      Digest unknown = Sizes.digest(new byte[0]);
      assertThat(history.blobFacts(asOf, name, unknown)).isEqualTo(none);
    }

    private void compare(AsOf asOf, RepositoryName name, HistoryModel.Repository expected)
        throws IOException {
      assertThat(
              all(
                  (Optional<PastTag> last) ->
                      ok(history.tags(asOf, name, last.map(tag -> tag.tag().value()), 2))))
          .extracting(PastTag::tag, PastTag::digest)
          .containsExactlyElementsOf(
              expected.tags().entrySet().stream()
                  .map(tag -> org.assertj.core.groups.Tuple.tuple(tag.getKey(), tag.getValue()))
                  .toList());
      assertThat(
              all(
                  (Optional<PastManifest> last) ->
                      ok(history.manifests(asOf, name, last.map(PastManifest::digest), 2))))
          .extracting(PastManifest::digest)
          .containsExactlyElementsOf(expected.manifests().keySet());
      for (Tag tag : TAGS) {
        Digest digest = expected.tags().get(tag);
        assertManifest(asOf, name, tag, digest == null ? null : expected.manifests().get(digest));
      }
      for (Document document : model.documents()) {
        assertManifest(
            asOf,
            name,
            new Reference.ByDigest(document.digest()),
            expected.manifests().get(document.digest()));
        assertThat(
                history
                    .referrers(
                        asOf, name, document.digest(), Optional.empty(), Optional.empty(), 10)
                    .items())
            .extracting(Descriptor::digest)
            .containsExactlyElementsOf(expected.referrers(document.digest()));
      }
      for (byte[] content : blobs) {
        assertBlob(asOf, name, content, expected);
      }
    }

    /** All pages of a list, one after the other. */
    private static <T> List<T> all(Function<Optional<T>, Page<T>> pages) {
      List<T> items = new ArrayList<>();
      Page<T> page;
      do {
        page = pages.apply(items.isEmpty() ? Optional.empty() : Optional.of(items.getLast()));
        items.addAll(page.items());
      } while (page.more());
      return items;
    }

    private void assertManifest(
        AsOf asOf, RepositoryName name, Reference reference, Document expected) {
      Outcome<StoredManifest> image = history.image(asOf, name, reference);
      if (expected == null) {
        Outcome<?> none = Outcome.refused(new Refusal.NoManifestThen(name, reference, asOf));
        assertThat(history.manifest(asOf, name, reference)).isEqualTo(none);
        assertThat(image).isEqualTo(none);
        return;
      }
      PastManifest found = ok(history.manifest(asOf, name, reference));
      assertThat(found.digest()).isEqualTo(expected.digest());
      assertThat(found.mediaType()).isEqualTo(expected.mediaType());
      assertThat(history.document(found.digest()).orElseThrow()).isEqualTo(expected.bytes());
      List<Digest> swept =
          expected.blobs().stream().filter(blob -> !model.stored.contains(blob)).toList();
      switch (image) {
        case Outcome.Ok<StoredManifest>(StoredManifest manifest) -> {
          assertThat(swept).isEmpty();
          assertThat(manifest.bytes()).isEqualTo(expected.bytes());
        }
        case Outcome.Refused<StoredManifest>(Refusal.ImageGone gone) ->
            assertThat(gone.swept()).containsExactlyInAnyOrderElementsOf(swept).isNotEmpty();
        case Outcome.Refused<StoredManifest>(Refusal refusal) ->
            throw new AssertionError(refusal.toString());
      }
    }

    private void assertBlob(
        AsOf asOf, RepositoryName name, byte[] content, HistoryModel.Repository expected)
        throws IOException {
      Digest digest = Sizes.digest(content);
      Outcome<BlobFacts> facts = history.blobFacts(asOf, name, digest);
      if (!expected.links().contains(digest)) {
        assertThat(facts).isEqualTo(Outcome.refused(new Refusal.NoBlobThen(name, digest, asOf)));
      } else if (model.stored.contains(digest)) {
        assertThat(facts).isEqualTo(Outcome.ok(new BlobFacts(content.length, Optional.empty())));
        try (BlobContent bytes = ok(history.blob(asOf, name, digest))) {
          assertThat(bytes.size()).isEqualTo(content.length);
        }
      } else {
        assertThat(facts).isInstanceOf(Outcome.Refused.class);
        Refusal.BlobGone gone = (Refusal.BlobGone) ((Outcome.Refused<BlobFacts>) facts).refusal();
        assertThat(gone.story()).extracting(EventEntry::type).endsWith("BlobUnlinked", "BlobSwept");
        assertThat(gone.story().getLast().position()).isGreaterThan(asOf.position());
        assertThat(gone.story())
            .hasSize(3)
            .isSortedAccordingTo(Comparator.comparingLong(EventEntry::position));
      }
    }

    private void compareDiff(long from, long to, RepositoryName name) {
      HistoryModel.Repository before = model.at(from).repositories().get(name);
      HistoryModel.Repository after = model.at(to).repositories().get(name);
      AsOf start = ok(history.asOf(new Moment.AtPosition(from)));
      AsOf end = ok(history.asOf(new Moment.AtPosition(to)));
      List<Change> expected =
          changes(
              before == null ? new HistoryModel.Repository() : before,
              after == null ? new HistoryModel.Repository() : after);
      if (before == null && after == null && expected.isEmpty()) {
        assertThat(history.diff(start, end, name, Optional.empty(), 10))
            .isEqualTo(Outcome.refused(new Refusal.NoRepositoryThen(name, end)));
        return;
      }
      assertThat(all((Optional<Change> last) -> ok(history.diff(start, end, name, last, 2))))
          .isEqualTo(expected);
    }

    private static List<Change> changes(
        HistoryModel.Repository before, HistoryModel.Repository after) {
      List<Change> changes = new ArrayList<>();
      for (Tag tag : TAGS) {
        Optional<Digest> from = Optional.ofNullable(before.tags().get(tag));
        Optional<Digest> to = Optional.ofNullable(after.tags().get(tag));
        if (!from.equals(to)) {
          changes.add(new Change.TagChange(tag, from, to));
        }
      }
      Set<Digest> all = new TreeSet<>(Comparator.comparing(Digest::toString));
      all.addAll(before.manifests().keySet());
      all.addAll(after.manifests().keySet());
      for (Digest digest : all) {
        boolean added = after.manifests().containsKey(digest);
        if (added != before.manifests().containsKey(digest)) {
          changes.add(new Change.ManifestChange(digest, added));
        }
      }
      return changes;
    }

    /** An instant means the last event that is not later. */
    private void compareInstants() {
      List<EventEntry> events = registry.log().events(before, 100_000, EventFilter.ALL);
      for (EventEntry event : events) {
        long last =
            events.stream()
                .filter(other -> !other.recordedAt().isAfter(event.recordedAt()))
                .mapToLong(EventEntry::position)
                .max()
                .orElseThrow();
        assertThat(ok(history.asOf(new Moment.AtInstant(event.recordedAt()))).position())
            .isEqualTo(last);
        assertThat(
                ok(history.asOf(new Moment.AtInstant(event.recordedAt().minusNanos(1000))))
                    .position())
            .isLessThan(event.position());
      }
    }
  }
}
