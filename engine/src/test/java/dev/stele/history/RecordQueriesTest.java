package dev.stele.history;

import static dev.stele.registry.TestClient.ok;
import static dev.stele.registry.TestClient.upload;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.event.Cause;
import dev.stele.event.EventCodec;
import dev.stele.gc.GcOptions;
import dev.stele.log.AsOf;
import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Sizes;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.TagGlob;
import dev.stele.policy.TestPolicies;
import dev.stele.projection.Verification;
import dev.stele.registry.Caller;
import dev.stele.registry.EventEntry;
import dev.stele.registry.EventFilter;
import dev.stele.registry.EventPage;
import dev.stele.registry.EventQuery;
import dev.stele.registry.Outcome;
import dev.stele.registry.Page;
import dev.stele.registry.PullRecording;
import dev.stele.registry.Refusal;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Random pushes, pulls, moves, deletions and collections by several people: every question about
 * the record is answered as by going through the whole list of events.
 */
class RecordQueriesTest {
  private static final int OPERATIONS = 120;
  private static final int QUESTIONS = 60;
  private static final List<String> ACTORS = List.of("alice", "bob", "carol");
  private static final List<Tag> TAGS = Stream.of("a", "b", "c").map(Tag::parse).toList();

  private static RegistryFixture fixture;
  private static Registry registry;
  private static int tries;

  /** All tries share the registry, so that its log grows longer than what is read straight. */
  @BeforeContainer
  static void open() throws IOException {
    fixture =
        RegistryFixture.inItsOwnFolder(
            RegistryOptions.DEFAULT
                .withPulls(PullRecording.EVERY)
                .withGc(GcOptions.DEFAULT.disabled().withGrace(Duration.ZERO)));
    registry = fixture.registry();
    fixture.engine().retention().adopt(TestPolicies.DELETING_UNTAGGED);
  }

  @AfterContainer
  static void close() {
    assertThat(registry.upkeep().verifyProjections().results())
        .allMatch(Verification.Result::equal)
        .filteredOn(result -> result.table().equals("event_index"))
        .allMatch(result -> result.rows() > 0);
    fixture.close();
  }

  @Property(tries = 5, shrinking = ShrinkingMode.OFF)
  void everyQuestionIsAnsweredAsByReadingAllEvents(@ForAll long seed) throws Exception {
    Try one = new Try(tries++, new Random(seed));
    for (int operation = 0; operation < OPERATIONS; operation++) {
      one.operate();
      if (operation % 40 == 0) {
        one.ask(5);
      }
    }
    one.ask(QUESTIONS);
  }

  private static final class Try {
    private final Random random;
    private final List<RepositoryName> names;
    private final List<byte[]> blobs;
    private final List<byte[]> manifests = new ArrayList<>();

    Try(int number, Random random) {
      this.random = random;
      this.names =
          Stream.of("team-a/x", "team-a/y", "team-b/x", "z")
              .map(name -> RepositoryName.parse("try-" + number + "/" + name))
              .toList();
      this.blobs =
          Stream.of("0", "1", "2").map(n -> ("try " + number + " " + n).getBytes(UTF_8)).toList();
      for (int config = 0; config < 3; config++) {
        Optional<Digest> subject =
            config < 2 ? Optional.empty() : Optional.of(digest(manifests.getFirst()));
        manifests.add(
            TestManifest.artifact(digest(blobs.get(config)), digest(blobs.get(0)))
                .subject(subject)
                .bytes());
      }
    }

    private static Digest digest(byte[] bytes) {
      return Sizes.digest(bytes);
    }

    private <T> T any(List<T> list) {
      return list.get(random.nextInt(list.size()));
    }

    private <T> Optional<T> perhaps(T value) {
      return random.nextInt(3) == 0 ? Optional.of(value) : Optional.empty();
    }

    void operate() throws IOException {
      Caller caller = new Caller(any(ACTORS), "r");
      RepositoryName name = any(names);
      byte[] manifest = any(manifests);
      switch (random.nextInt(12)) {
        case 0, 1, 2, 3 -> push(caller, name, manifest);
        case 4, 5 -> {
          for (Tag tag : TAGS) {
            if (registry.manifest(name, tag) instanceof Outcome.Ok<?>) {
              registry.pulls().recordManifest(caller, name, digest(manifest), perhaps(tag));
            }
          }
        }
        case 6 -> registry.deleteTag(caller, name, any(TAGS));
        case 7 -> registry.deleteManifest(caller, name, digest(manifest));
        case 8 -> registry.deleteBlob(caller, name, digest(any(blobs)));
        case 9 -> registry.mount(caller, name, digest(any(blobs)), Optional.empty());
        case 10 -> upload(caller, registry, name, any(blobs));
        default -> assertThat(registry.collecting().run().failure()).isEmpty();
      }
    }

    private void push(Caller caller, RepositoryName name, byte[] manifest) throws IOException {
      for (byte[] blob : blobs) {
        upload(caller, registry, name, blob);
      }
      ok(
          registry.putManifest(
              caller,
              name,
              any(TAGS),
              MediaTypes.OCI_IMAGE,
              manifest,
              perhaps(any(TAGS)).stream().toList()));
    }

    void ask(int questions) {
      List<EventEntry> events = registry.log().events(-1, Integer.MAX_VALUE - 1, EventFilter.ALL);
      assertThat(events).extracting(EventEntry::position).isSorted().doesNotHaveDuplicates();
      RecordModel model = new RecordModel(events);
      for (int question = 0; question < questions; question++) {
        askForEvents(model, events.size());
      }
      for (byte[] content : Stream.concat(blobs.stream(), manifests.stream()).toList()) {
        askForDigest(model, digest(content));
      }
      for (RepositoryName name : names) {
        long one = random.nextInt(events.size());
        long other = random.nextInt(events.size());
        askForPullable(model, name, Math.min(one, other), Math.max(one, other));
        askForPullable(model, name, one, one);
      }
      EventEntry some = any(events);
      assertThat(registry.log().event(some.position())).contains(some);
      assertThat(registry.log().event(events.size())).isEmpty();
    }

    private EventFilter filter() {
      RepositoryName name = any(names);
      String top = name.value().substring(0, name.value().indexOf('/'));
      String glob =
          any(
              List.of(
                  name.value(),
                  top + "/**",
                  top + "/team-a/**",
                  "try-*/team-?/x",
                  "**/x",
                  top + "/{z,team-b/x}",
                  "no-such/**",
                  "**"));
      return new EventFilter(
          perhaps(RepositoryGlob.parse(glob)),
          perhaps(any(List.copyOf(new TreeSet<>(EventCodec.typeNames()))))
              .map(type -> Set.copyOf(List.of(type, random.nextBoolean() ? type : "TagMoved")))
              .orElse(Set.of()),
          perhaps(random.nextInt(8) == 0 ? "nobody" : any(ACTORS)),
          perhaps(digest(random.nextBoolean() ? any(blobs) : any(manifests))),
          perhaps(
              TagGlob.parse(
                  random.nextBoolean()
                      ? any(TAGS).value()
                      : any(List.of("*", "[ab]", "{a,c*}", "b?", "z*")))),
          perhaps(any(List.of(Cause.Kind.values()))));
    }

    private void askForEvents(RecordModel model, int size) {
      EventFilter filter = filter();
      long after = random.nextInt(3) == 0 ? random.nextInt(size) : -1;
      long through = random.nextInt(3) == 0 ? random.nextInt(size) : Long.MAX_VALUE;
      boolean newestFirst = random.nextBoolean();
      EventQuery query =
          new EventQuery(filter, after, through, newestFirst, 1 + random.nextInt(50));
      List<EventEntry> expected = model.filtered(filter, after, through);
      assertThat(all(query))
          .as("%s", query)
          .isEqualTo(newestFirst ? expected.reversed() : expected);
    }

    /** All pages, one after the other. */
    private static List<EventEntry> all(EventQuery first) {
      List<EventEntry> events = new ArrayList<>();
      for (EventQuery query = first; ; ) {
        EventPage page = registry.log().events(query);
        assertThat(page.events()).hasSizeLessThanOrEqualTo(query.limit());
        events.addAll(page.events());
        if (page.next().isEmpty()) {
          return events;
        }
        query = query.from(page.next().getAsLong());
      }
    }

    private void askForDigest(RecordModel model, Digest digest) {
      DigestState found = new DigestStates(registry.archive()).of(digest);
      RecordModel.State expected = model.state(digest);
      assertThat(found.places())
          .extracting(place -> place.repository() + " " + place.kind())
          .containsExactlyElementsOf(expected.places().keySet());
      for (DigestState.Place place : found.places()) {
        assertThat(place.tags())
            .extracting(Tag::value)
            .containsExactlyElementsOf(
                expected.places().get(place.repository() + " " + place.kind()));
      }
      assertThat(found.sweeps())
          .extracting(sweep -> sweep.store() + " " + sweep.at().position())
          .containsExactlyElementsOf(expected.sweeps());
      assertThat(registry.log().mentioned(digest))
          .isEqualTo(
              !model.filtered(EventFilter.ALL.ofDigest(digest), -1, Long.MAX_VALUE).isEmpty());
      List<TagPeriod> periods = new ArrayList<>();
      for (long after = -1; ; ) {
        TagPeriods.OfDigest page =
            new TagPeriods(registry).ofDigest(digest, Optional.empty(), after, 3);
        periods.addAll(page.periods());
        if (page.next().isEmpty()) {
          break;
        }
        after = page.next().getAsLong();
      }
      assertSame(periods, model.of(digest));
    }

    private static void assertSame(List<TagPeriod> found, List<RecordModel.Period> expected) {
      assertThat(found)
          .usingRecursiveFieldByFieldElementComparator()
          .containsExactlyElementsOf(expected.stream().map(Try::period).toList());
    }

    private static TagPeriod period(RecordModel.Period period) {
      return new TagPeriod(
          RepositoryName.parse(period.repository),
          Tag.parse(period.tag),
          Digest.parse(period.digest),
          new Since(period.from.position(), period.from.recordedAt()),
          period.from.actor(),
          period.until.map(end -> new Since(end.position(), end.recordedAt())),
          period.until.flatMap(EventEntry::actor),
          period.until.map(end -> end.type().equals("TagMoved") ? "moved" : "deleted"));
    }

    private static AsOf at(long position) {
      return new AsOf(new Moment.AtPosition(position), position);
    }

    private void askForPullable(RecordModel model, RepositoryName name, long from, long to) {
      List<RecordModel.Period> expected = model.overlapping(name.value(), from, to);
      List<TagPeriod> periods = new ArrayList<>();
      Optional<TagPeriods.Key> after = Optional.empty();
      while (true) {
        Outcome<Page<TagPeriod>> answer =
            new TagPeriods(registry).overlapping(name, at(from), at(to), after, 2);
        if (answer instanceof Outcome.Refused<?>(Refusal refusal)) {
          assertThat(refusal).isEqualTo(new Refusal.NoRepositoryThen(name, at(to)));
          break;
        }
        Page<TagPeriod> page = ok(answer);
        periods.addAll(page.items());
        if (!page.more()) {
          break;
        }
        TagPeriod last = page.items().getLast();
        after = Optional.of(new TagPeriods.Key(last.tag(), last.from().position()));
      }
      assertSame(periods, expected);
    }
  }
}
