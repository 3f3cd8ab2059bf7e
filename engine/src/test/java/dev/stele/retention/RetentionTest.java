package dev.stele.retention;

import static dev.stele.policy.TestPolicies.keeping;
import static dev.stele.policy.TestPolicies.read;
import static dev.stele.registry.TestClient.ALICE;
import static dev.stele.registry.TestClient.ok;
import static dev.stele.retention.RetentionFixture.repository;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.Tag;
import dev.stele.policy.HoldScope;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.RetentionPolicy;
import dev.stele.projection.PullView;
import dev.stele.registry.NewHold;
import dev.stele.registry.PullRecording;
import dev.stele.registry.RegistryOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Parity rows 42 to 44, from the log to the tags. */
class RetentionTest {
  private static final Retention.Summary NOTHING = new Retention.Summary(0, 0, 0, 0, 0);

  @TempDir private Path folder;
  private RetentionFixture registry;

  @BeforeEach
  void open() throws Exception {
    registry = new RetentionFixture(folder, RegistryOptions.DEFAULT.withPulls(PullRecording.EVERY));
  }

  @AfterEach
  void close() throws Exception {
    assertThat(registry.viewsEqualAReplay()).isTrue();
    registry.close();
  }

  @Test
  @DisplayName("With no policy, nothing is removed and nothing recorded")
  void withoutAPolicyNothingHappens() {
    registry.put("a", "1", "x");
    int events = registry.events().size();
    assertThat(registry.retention().adopt(RetentionPolicy.NONE)).isFalse();
    assertThat(registry.runIn(Duration.ofDays(9000))).isEqualTo(NOTHING);
    assertThat(registry.retention().inForce()).isEqualTo(RetentionPolicy.NONE);
    assertThat(registry.events()).hasSize(events);
    assertThat(registry.tags("a")).containsExactly("x");
  }

  @Test
  @DisplayName("What was decided while the clock was ahead for a moment is not recorded or done")
  void aClockThatWasAheadForAMomentDecidesNothing() {
    RetentionPolicy policy =
        read(
            """
            {"policies": [{"repositories": ["a"], "keep-tags": [{"pushed-within": "30d"}]}]}
            """);
    registry.put("a", "1", "x");
    assertThat(registry.retention().adopt(policy)).isTrue();
    int events = registry.events().size();
    AtomicBoolean asked = new AtomicBoolean();
    Retention.SnapshotClock ahead =
        _ -> Instant.now().plus(asked.getAndSet(true) ? Duration.ZERO : Duration.ofDays(730));
    assertThat(registry.retention().run(ahead)).isEqualTo(new Retention.Summary(1, 0, 1, 0, 0));
    assertThat(registry.events()).hasSize(events);
    assertThat(registry.tags("a")).containsExactly("x");
    assertThat(registry.retention().run()).isEqualTo(new Retention.Summary(1, 1, 0, 0, 0));
  }

  @Test
  @DisplayName(
      "42: the first policy that matches a repository removes what no entry claims or keeps")
  void removesWhatThePolicyDoesNotKeep() {
    RetentionPolicy policy =
        read(
            """
            {"policies": [
              {"repositories": ["team/free"]},
              {"repositories": ["team/**"], "keep-tags": [
                {"patterns": ["^v"], "most-recently-pushed-count": 2},
                {"patterns": ["^prod$"]}]}]}
            """);
    Digest one = registry.put("team/api", "1", "v1", "junk");
    registry.put("team/api", "2", "v2");
    registry.put("team/api", "3", "v3", "prod");
    registry.put("team/free", "1", "v1", "v2", "v3", "junk");
    registry.put("else", "1", "junk");
    assertThat(registry.retention().adopt(policy)).isTrue();
    assertThat(registry.retention().adopt(policy)).isFalse();
    assertThat(registry.retention().inForce()).isEqualTo(policy);

    assertThat(registry.runIn(Duration.ZERO)).isEqualTo(new Retention.Summary(1, 3, 2, 2, 0));

    assertThat(registry.tags("team/api")).containsExactly("prod", "v2", "v3");
    assertThat(registry.tags("team/free")).hasSize(4);
    assertThat(registry.tags("else")).hasSize(1);
    List<RecordedEvent> events = registry.events();
    List<RecordedEvent> last = events.subList(events.size() - 3, events.size());
    assertThat(last.getFirst().event())
        .isInstanceOfSatisfying(
            Event.RetentionEvaluated.class,
            evaluated -> {
              assertThat(evaluated.policy()).isEqualTo(policy.digest());
              assertThat(evaluated.inputPosition()).isEqualTo(last.getFirst().position());
              assertThat(evaluated.kept()).isEqualTo(3);
              assertThat(evaluated.removed()).isEqualTo(2);
              assertThat(evaluated.dryRun()).isFalse();
              assertThat(registry.decisions(evaluated)).hasSize(5);
            });
    assertThat(last.get(1).event())
        .isEqualTo(new Event.TagDeleted(repository("team/api"), Tag.parse("junk"), one));
    assertThat(last.get(1).cause())
        .isEqualTo(
            Cause.retention(
                "evaluation %d: not matched by any entry of keep-tags"
                    .formatted(last.getFirst().position())));
    assertThat(last.get(2).cause())
        .isEqualTo(
            Cause.retention(
                "evaluation %d: not kept by any rule of keep-tags[0]"
                    .formatted(last.getFirst().position())));
  }

  @Test
  @DisplayName("What is held stays, the record says so, and decides the same again")
  void whatIsHeldStays() {
    registry.put("a", "1", "held", "moved-in", "junk");
    registry.put("b", "1", "junk");
    UUID tag = hold("a", Optional.of(Tag.parse("held")));
    UUID repository = hold("b*", Optional.empty());
    registry.retention().adopt(keeping("{\"patterns\":[\"^v\"]}", false));
    assertThat(registry.runIn(Duration.ZERO)).isEqualTo(new Retention.Summary(2, 2, 2, 2, 0));
    assertThat(registry.tags("a")).containsExactly("held");
    assertThat(registry.tags("b")).containsExactly("junk");
    Event.RetentionEvaluated evaluated = registry.events(Event.RetentionEvaluated.class).getFirst();
    assertThat(registry.decisions(evaluated))
        .extracting(TagDecision::verdict)
        .containsExactly(new Verdict.Held(tag), new Verdict.Unclaimed(), new Verdict.Unclaimed());
    ok(registry.registry().holds().release(ALICE, tag, 0, "over"));
    assertThat(registry.reprocessing().decideAgain(evaluated))
        .as("a hold that ended later held then")
        .isEqualTo(evaluated.decisions());
    assertThat(registry.runIn(Duration.ZERO).removed()).isEqualTo(1);
    assertThat(registry.tags("a")).isEmpty();
    assertThat(registry.tags("b")).containsExactly("junk");
    assertThat(repository).isNotEqualTo(tag);
  }

  /** The clock of a run two days from now, beside whose evaluation the world goes on. */
  private static Retention.SnapshotClock meanwhile(Runnable world) {
    AtomicBoolean evaluated = new AtomicBoolean();
    return handle -> {
      if (!evaluated.getAndSet(true)) {
        // From here on the evaluation has its snapshot.
        handle.createQuery("SELECT 1 FROM log_head").mapTo(Integer.class).one();
        world.run();
      }
      return Instant.now().plus(Duration.ofDays(2));
    };
  }

  @Test
  @DisplayName("A tag that is held after the evaluation stays")
  void whatIsHeldMeanwhileStays() {
    registry.put("a", "1", "v1", "v2");
    registry.retention().adopt(keeping("{\"pushed-within\":\"1d\"}", false));
    assertThat(registry.retention().run(meanwhile(() -> hold("a", Optional.of(Tag.parse("v1"))))))
        .isEqualTo(new Retention.Summary(1, 0, 2, 1, 0));
    assertThat(registry.tags("a")).containsExactly("v1");
  }

  private UUID hold(String repositories, Optional<Tag> tag) {
    UUID id = UUID.randomUUID();
    ok(
        registry
            .registry()
            .holds()
            .place(
                ALICE,
                new NewHold(
                    id,
                    new HoldScope(RepositoryGlob.parse(repositories), tag, Optional.empty()),
                    false,
                    "case 7")));
    return id;
  }

  @Test
  @DisplayName("A run that removes nothing records nothing")
  void whatRemovesNothingIsNotRecorded() {
    registry.put("a", "1", "v1");
    registry.retention().adopt(keeping("{\"pushed-within\":\"30d\"}", false));
    int events = registry.events().size();
    assertThat(registry.runIn(Duration.ofDays(29))).isEqualTo(new Retention.Summary(1, 1, 0, 0, 0));
    assertThat(registry.events()).hasSize(events);
    assertThat(registry.runIn(Duration.ofDays(31)).removed()).isEqualTo(1);
    int after = registry.events().size();
    assertThat(registry.runIn(Duration.ofDays(31))).isEqualTo(new Retention.Summary(1, 0, 0, 0, 0));
    assertThat(registry.events()).hasSize(after);
  }

  @Test
  @DisplayName("43: dry-run decides and records, and deletes nothing")
  void aDryRunRecordsAndDeletesNothing() {
    registry.put("a", "1", "v1", "v2");
    registry.retention().adopt(keeping("{\"patterns\":[\"^v1$\"]}", true));
    assertThat(registry.runIn(Duration.ZERO)).isEqualTo(new Retention.Summary(1, 1, 1, 0, 0));
    assertThat(registry.tags("a")).containsExactly("v1", "v2");
    Event.RetentionEvaluated evaluated = registry.events(Event.RetentionEvaluated.class).getFirst();
    assertThat(evaluated.dryRun()).isTrue();
    assertThat(evaluated.removed()).isEqualTo(1);
    assertThat(registry.decisions(evaluated))
        .extracting(decision -> decision.verdict().keeps())
        .containsExactly(true, false);

    registry.runIn(Duration.ZERO);
    assertThat(registry.events(Event.RetentionEvaluated.class)).as("the same again").hasSize(1);
    registry.delete("a", "v2");
    registry.runIn(Duration.ZERO);
    registry.runIn(Duration.ZERO);
    assertThat(registry.events(Event.RetentionEvaluated.class))
        .as("nothing would go any more")
        .extracting(Event.RetentionEvaluated::removed)
        .containsExactly(1L, 0L);
  }

  @Test
  @DisplayName("44: push time is when the TAG was last put, also if it did not move")
  void pushTimeIsWhenTheTagWasLastPut() {
    registry.put("a", "1", "first", "again");
    registry.put("a", "2", "second");
    registry.put("a", "1", "again");
    registry.put("a", "1");
    registry.retention().adopt(keeping("{\"most-recently-pushed-count\":2}", false));
    registry.runIn(Duration.ZERO);
    assertThat(registry.tags("a")).containsExactly("again", "second");
  }

  @Test
  @DisplayName("44: pull times come from the log too, so losing a cache expires nothing")
  void pullTimesComeFromTheLog() {
    Digest one = registry.put("a", "1", "by-tag");
    Digest two = registry.put("a", "2", "by-digest", "unused");
    registry.put("a", "2", "unused");
    registry.put("a", "3", "new");
    registry.pull("a", two, Optional.empty());
    registry.pull("a", one, Optional.of("by-tag"));
    registry.pull("b", one, Optional.of("new"));
    registry.retention().adopt(keeping("{\"most-recently-pulled-count\":1}", true));
    registry.runIn(Duration.ZERO);
    registry.followPulls();
    registry.runIn(Duration.ZERO);
    assertThat(registry.events(Event.RetentionEvaluated.class))
        .as("what a view has not seen yet, and what it has seen, count the same")
        .hasSize(1);

    emptyTheViewOfPulls();
    registry.runIn(Duration.ZERO);
    assertThat(registry.events(Event.RetentionEvaluated.class)).hasSize(1);
    assertThat(registry.decisions(registry.events(Event.RetentionEvaluated.class).getFirst()))
        .filteredOn(decision -> decision.verdict().keeps())
        .extracting(TagDecision::tag)
        .containsExactly(Tag.parse("by-tag"));
    registry.followPulls();
  }

  private void emptyTheViewOfPulls() {
    registry
        .fixture()
        .database()
        .jdbi()
        .useTransaction(
            handle -> {
              for (String table : new PullView().tables()) {
                handle.execute("DELETE FROM " + table);
              }
              handle.execute("DELETE FROM log_checkpoint WHERE follower = 'pull'");
            });
  }

  @Test
  @DisplayName("44: a tag counts as pulled when its digest is, by whatever name")
  void aPullOfTheDigestCountsForItsTags() {
    Digest one = registry.put("a", "1", "v1");
    registry.put("a", "2", "v2");
    registry.pull("a", one, Optional.empty());
    registry.retention().adopt(keeping("{\"most-recently-pulled-count\":1}", false));
    registry.runIn(Duration.ZERO);
    assertThat(registry.tags("a")).containsExactly("v1");
  }

  @Test
  @DisplayName("A tag that was put after the evaluation stays, also if it did not move")
  void whatWasPutMeanwhileStays() {
    registry.put("a", "1", "still", "moved", "gone", "same");
    registry.retention().adopt(keeping("{\"pushed-within\":\"1d\"}", false));
    assertThat(
            registry
                .retention()
                .run(
                    meanwhile(
                        () -> {
                          registry.put("a", "1", "same");
                          registry.put("a", "2", "moved", "new");
                          registry.delete("a", "gone");
                        })))
        .isEqualTo(new Retention.Summary(1, 0, 4, 1, 0));
    assertThat(registry.tags("a")).containsExactly("moved", "new", "same");
  }

  @Test
  @DisplayName("An evaluation under a policy that is no longer in force removes nothing")
  void anotherPolicyMeanwhileStopsTheRun() {
    registry.put("a", "1", "v1");
    registry.retention().adopt(keeping("{\"pushed-within\":\"1d\"}", false));
    Retention.Summary summary =
        registry.retention().run(meanwhile(() -> registry.retention().adopt(RetentionPolicy.NONE)));
    assertThat(summary).isEqualTo(new Retention.Summary(1, 0, 1, 0, 0));
    assertThat(registry.events(Event.RetentionEvaluated.class)).isEmpty();
    assertThat(registry.tags("a")).containsExactly("v1");
    assertThat(registry.retention().inForce()).isEqualTo(RetentionPolicy.NONE);
  }

  @Test
  @DisplayName("What a run that was cut short left is found by the next one")
  void anInterruptedRunIsTakenUpByTheNext() {
    registry.put("a", "1", IntStream.range(0, 150).mapToObj(i -> "t" + i).toArray(String[]::new));
    registry.retention().adopt(keeping("{\"patterns\":[\"^t7$\"]}", false));
    AtomicBoolean closed = new AtomicBoolean();
    Retention retention =
        new Retention(
            registry.fixture().database().jdbi(),
            registry.registry().health(),
            registry.fixture().commands(),
            closed::get);
    Retention.Summary cut =
        retention.run(
            _ -> {
              closed.set(true);
              return Instant.now();
            });
    assertThat(cut).isEqualTo(new Retention.Summary(1, 1, 149, 0, 0));
    assertThat(retention.run()).isEqualTo(NOTHING);
    assertThat(registry.events(Event.RetentionEvaluated.class)).hasSize(1);
    assertThat(registry.retention().run().removed()).isEqualTo(149);
    assertThat(registry.tags("a")).containsExactly("t7");
  }

  @Test
  @DisplayName(
      "Past decisions made again from their policy, position and time give what is recorded")
  void pastDecisionsCanBeMadeAgain() {
    Digest one = registry.put("a", "1", "v1", "v2");
    registry.pull("a", one, Optional.of("v2"));
    registry
        .retention()
        .adopt(keeping("{\"most-recently-pulled-count\":1,\"pushed-within\":\"10d\"}", false));
    registry.put("a", "2", "v3", "v4");
    registry.runIn(Duration.ofDays(11));
    registry.delete("a", "v2");
    registry.put("a", "3", "v3", "v5", "v6");
    registry.runIn(Duration.ofDays(12));
    registry.retention().adopt(RetentionPolicy.NONE);
    registry.put("a", "4", "v1");
    List<Event.RetentionEvaluated> recorded = registry.events(Event.RetentionEvaluated.class);
    assertThat(recorded).hasSize(2);
    assertThat(recorded)
        .allSatisfy(
            evaluated ->
                assertThat(registry.reprocessing().decideAgain(evaluated))
                    .isEqualTo(evaluated.decisions()));
    Event.RetentionEvaluated first = recorded.getFirst();
    Event.RetentionEvaluated later =
        new Event.RetentionEvaluated(
            first.repository(),
            first.policy(),
            first.inputPosition(),
            first.evaluatedAt().minus(Duration.ofDays(5)),
            first.kept(),
            first.removed(),
            first.decisions(),
            false);
    assertThat(registry.reprocessing().decideAgain(later)).isNotEqualTo(first.decisions());
  }

  @Test
  @DisplayName("The facts of the views are those of a replay, whatever the view of pulls has seen")
  void liveFactsAreReplayedFacts() {
    Digest one = registry.put("a", "1", "v1", "v2", "v3");
    Digest two = registry.put("a", "2", "v2", "w");
    registry.pull("a", two, Optional.of("v2"));
    registry.followPulls();
    registry.pull("a", one, Optional.empty());
    registry.put("a", "1", "v1");
    registry.put("b", "1", "v1");
    registry.pull("b", one, Optional.of("v1"));
    registry.delete("a", "w");
    registry.put("a", "2", "w");
    registry.pull("a", one, Optional.of("v2"));
    List<TagFacts> live = new ArrayList<>();
    List<TagFacts> replayed = new ArrayList<>();
    registry
        .fixture()
        .database()
        .jdbi()
        .useTransaction(
            TransactionIsolationLevel.REPEATABLE_READ,
            handle -> {
              LiveFacts facts = new LiveFacts(handle, registry.reader(), repository("a"));
              facts.forEachTag(live::add);
              new ReplayedFacts(handle, registry.reader(), repository("a"), facts.position())
                  .forEachTag(replayed::add);
            });
    assertThat(live).hasSize(4).isEqualTo(replayed);
    assertThat(live).allSatisfy(facts -> assertThat(facts.pulled()).isPresent());
    registry.followPulls();
    List<TagFacts> followed = new ArrayList<>();
    registry
        .fixture()
        .database()
        .jdbi()
        .useTransaction(
            TransactionIsolationLevel.REPEATABLE_READ,
            handle ->
                new LiveFacts(handle, registry.reader(), repository("a"))
                    .forEachTag(followed::add));
    assertThat(followed).isEqualTo(live);
  }

  @Test
  @DisplayName("A repository that cannot be dealt with does not keep the others from it")
  void oneFailureDoesNotStopTheRun() throws Exception {
    registry.put("a", "1", "v1");
    registry.put("b", "1", "v1");
    registry.retention().adopt(keeping("{\"patterns\":[\"x\"]}", false));
    int[] calls = new int[1];
    Retention.Summary summary =
        registry
            .retention()
            .run(
                _ -> {
                  if (calls[0]++ == 0) {
                    throw new IllegalStateException("a defect");
                  }
                  return Instant.now();
                });
    assertThat(summary).isEqualTo(new Retention.Summary(1, 0, 1, 1, 1));
    assertThat(registry.tags("a")).containsExactly("v1");
    assertThat(registry.tags("b")).isEmpty();
  }

  @Test
  @DisplayName("A preview says what would happen and records nothing")
  void aPreviewChangesNothing() {
    registry.put("a", "1", "v1", "v2");
    int events = registry.events().size();
    List<TagDecision> decisions = new ArrayList<>();
    registry
        .retention()
        .preview(
            keeping("{\"patterns\":[\"1\"]}", false).of(repository("a")).orElseThrow(),
            repository("a"),
            decisions::add);
    assertThat(decisions).extracting(d -> d.verdict().keeps()).containsExactly(true, false);
    assertThat(registry.events()).hasSize(events);
  }
}
