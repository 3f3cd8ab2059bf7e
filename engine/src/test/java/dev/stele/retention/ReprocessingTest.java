package dev.stele.retention;

import static dev.stele.policy.TestPolicies.keeping;
import static dev.stele.registry.TestClient.ALICE;
import static dev.stele.registry.TestClient.ok;
import static dev.stele.retention.RetentionFixture.repository;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.HoldScope;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.RetentionPolicy;
import dev.stele.registry.NewHold;
import dev.stele.registry.Outcome;
import dev.stele.registry.PullRecording;
import dev.stele.registry.RegistryOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Retention asked again of the record, by examples. */
class ReprocessingTest {
  private static final RepositoryName A = repository("a");
  private static final RetentionPolicy ONE = keeping("{\"most-recently-pushed-count\":1}", false);
  private static final RetentionPolicy TWO = keeping("{\"most-recently-pushed-count\":2}", false);

  @TempDir private Path folder;
  private RetentionFixture registry;
  private Reprocessing reprocessing;

  @BeforeEach
  void open() throws Exception {
    registry = new RetentionFixture(folder, RegistryOptions.DEFAULT.withPulls(PullRecording.EVERY));
    reprocessing = registry.reprocessing();
  }

  @AfterEach
  void close() throws Exception {
    registry.close();
  }

  private Occurrence at(long position) {
    return ok(reprocessing.at(new Moment.AtPosition(position)));
  }

  private List<Difference> replay(RetentionPolicy policy, long from) {
    return reprocessing.replay(
        policy, A, at(from), reprocessing.now(), new Reprocessing.Timing.AsRecorded());
  }

  private static Difference.Kind kind(List<Difference> differences, String tag) {
    return differences.stream()
        .filter(difference -> difference.tag().equals(Tag.parse(tag)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("nothing about " + tag + " in " + differences))
        .kind();
  }

  @Test
  @DisplayName("A milder policy would have kept what was removed, and a stricter one would not")
  void milderAndStricter() {
    registry.retention().adopt(TWO);
    registry.put("a", "1", "v1");
    registry.put("a", "2", "v2");
    registry.put("a", "3", "v3");
    registry.runIn(Duration.ZERO);
    assertThat(registry.tags("a")).containsExactly("v2", "v3");
    List<Difference> same = replay(TWO, 0);
    assertThat(same).hasSize(3).allMatch(each -> each.kind() == Difference.Kind.SAME);
    List<Difference> stricter = replay(ONE, 0);
    assertThat(kind(stricter, "v1")).isEqualTo(Difference.Kind.SAME);
    assertThat(kind(stricter, "v2")).isEqualTo(Difference.Kind.WOULD_BE_REMOVED);
    assertThat(kind(stricter, "v3")).isEqualTo(Difference.Kind.SAME);
    List<Difference> milder = replay(RetentionPolicy.NONE, 0);
    assertThat(kind(milder, "v1")).isEqualTo(Difference.Kind.WOULD_REMAIN);
    assertThat(milder.getFirst().recorded())
        .isInstanceOfSatisfying(
            Fate.Removed.class,
            removed -> {
              assertThat(removed.evaluation()).isPresent();
              assertThat(removed.why()).contains("not kept by any rule of keep-tags[0]");
            });
  }

  @Test
  @DisplayName("A tag that a policy would have removed is there again once it is pushed again")
  void pushedAgain() {
    registry.retention().adopt(TWO);
    registry.put("a", "1", "v1");
    registry.put("a", "2", "v2");
    registry.put("a", "3", "v3");
    registry.runIn(Duration.ZERO);
    // Under ONE, v2 is gone by now; this push of what it points to already moves nothing on record.
    registry.put("a", "2", "v2");
    assertThat(kind(replay(ONE, 0), "v2")).isEqualTo(Difference.Kind.SAME);
    assertThat(kind(replay(ONE, 0), "v3")).isEqualTo(Difference.Kind.SAME);
  }

  @Test
  @DisplayName("A client's deletion by digest takes along what only the other policy kept")
  void deletedByDigest() {
    registry.retention().adopt(ONE);
    Digest one = registry.put("a", "1", "v1");
    registry.put("a", "2", "v2");
    registry.runIn(Duration.ZERO);
    assertThat(kind(replay(TWO, 0), "v1")).isEqualTo(Difference.Kind.WOULD_REMAIN);
    ok(registry.registry().deleteManifest(ALICE, A, one));
    assertThat(kind(replay(TWO, 0), "v1")).isEqualTo(Difference.Kind.LATER);
  }

  @Test
  @DisplayName("Evaluated every so often, a policy removes by the time that had passed")
  void everySoOften() {
    registry.put("a", "1", "v1");
    Occurrence start = reprocessing.now();
    RetentionPolicy aDay = keeping("{\"pushed-within\":\"1d\"}", false);
    Occurrence end = new Occurrence(start.position(), start.at().plus(Duration.ofDays(3)));
    List<Difference> differences =
        reprocessing.replay(
            aDay, A, start, end, new Reprocessing.Timing.Every(Duration.ofHours(5)));
    assertThat(kind(differences, "v1")).isEqualTo(Difference.Kind.WOULD_BE_REMOVED);
    assertThat(differences.getFirst().replayed())
        .isInstanceOfSatisfying(
            Fate.Removed.class,
            removed ->
                assertThat(removed.at().at()).isEqualTo(start.at().plus(Duration.ofHours(25))));
    assertThatThrownBy(
            () ->
                reprocessing.replay(
                    aDay, A, start, end, new Reprocessing.Timing.Every(Duration.ofSeconds(1))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("evaluate less often");
  }

  @Test
  @DisplayName("What was held when a policy would have removed it would have stayed until then")
  void holdsOutrankAReplayedPolicyWhileTheyLast() {
    registry.retention().adopt(TWO);
    registry.put("a", "1", "v1");
    registry.put("a", "2", "v2");
    // Of a glob, so that it is no event of the repository.
    UUID hold = UUID.randomUUID();
    ok(
        registry
            .registry()
            .holds()
            .place(
                ALICE,
                new NewHold(
                    hold,
                    new HoldScope(
                        RepositoryGlob.parse("*"), Optional.of(Tag.parse("v1")), Optional.empty()),
                    false,
                    "case 7")));
    registry.put("a", "3", "v3");
    registry.put("a", "4", "v4");
    registry.runIn(Duration.ZERO);
    assertThat(registry.tags("a")).containsExactly("v1", "v3", "v4");
    assertThat(kind(replay(ONE, 0), "v1")).isEqualTo(Difference.Kind.SAME);
    assertThat(kind(replay(ONE, 0), "v3")).isEqualTo(Difference.Kind.WOULD_BE_REMOVED);
    assertThat(
            reprocessing
                .explain(A, Tag.parse("v1"), reprocessing.now(), Optional.empty())
                .orElseThrow()
                .verdict())
        .contains(new Verdict.Held(hold));
    ok(registry.registry().holds().release(ALICE, hold, 0, "over"));
    registry.put("a", "5", "v5");
    registry.runIn(Duration.ZERO);
    assertThat(registry.tags("a")).containsExactly("v4", "v5");
    assertThat(kind(replay(RetentionPolicy.NONE, 0), "v1")).isEqualTo(Difference.Kind.WOULD_REMAIN);
    assertThat(kind(replay(ONE, 0), "v1")).isEqualTo(Difference.Kind.SAME);
  }

  @Test
  @DisplayName("What a policy would have decided is decided from what there was then")
  void previewOfThePast() {
    registry.put("a", "1", "v1");
    registry.put("a", "2", "v2");
    long then = registry.events().getLast().position();
    registry.put("a", "3", "v3");
    List<TagDecision> decisions = new ArrayList<>();
    reprocessing.preview(ONE, A, at(then), decisions::add);
    assertThat(decisions.stream().map(TagDecision::tag).map(Tag::value))
        .containsExactly("v1", "v2");
    assertThat(decisions.stream().map(each -> each.verdict().keeps())).containsExactly(false, true);
  }

  @Test
  @DisplayName("An explanation names the rule, the facts and the place among the entry's tags")
  void explanations() {
    registry.retention().adopt(TWO);
    registry.put("a", "1", "v1");
    Digest two = registry.put("a", "2", "v2");
    registry.put("a", "3", "v3");
    registry.pull("a", two, Optional.of("v2"));
    Occurrence before = reprocessing.now();
    registry.runIn(Duration.ZERO);
    long evaluation =
        registry.events().stream()
            .filter(event -> event.event() instanceof Event.RetentionEvaluated)
            .findFirst()
            .orElseThrow()
            .position();
    registry.delete("a", "v3");

    Explanation kept = explain("v2", before);
    assertThat(kept.verdict())
        .contains(new Verdict.Kept(0, Verdict.Rule.MOST_RECENTLY_PUSHED_COUNT));
    assertThat(kept.pushedRank()).contains(2);
    assertThat(kept.pulledRank()).contains(1);
    assertThat(kept.pulled()).isPresent();
    assertThat(kept.policy()).contains(TWO.digest());
    assertThat(kept.removed()).isEmpty();

    Explanation expired = explain("v1", reprocessing.now());
    assertThat(expired.removed().orElseThrow().evaluation()).contains(evaluation);
    assertThat(expired.verdict()).contains(new Verdict.Expired(0));
    assertThat(expired.pushedRank()).contains(3);
    assertThat(expired.policy()).contains(TWO.digest());

    Explanation deleted = explain("v3", reprocessing.now());
    assertThat(deleted.verdict()).isEmpty();
    assertThat(deleted.removed().orElseThrow().why()).isEqualTo("a client deleted it");

    assertThat(reprocessing.explain(A, Tag.parse("v4"), before, Optional.empty())).isEmpty();
  }

  private Explanation explain(String tag, Occurrence at) {
    return reprocessing
        .explain(A, Tag.parse(tag), at, Optional.empty())
        .orElseThrow(() -> new AssertionError("nothing about " + tag));
  }

  @Test
  @DisplayName(
      "A decision on record follows again from what it was made from, or it is said why not")
  void rechecks() {
    registry.retention().adopt(ONE);
    registry.put("a", "1", "v1");
    registry.put("a", "2", "v2");
    registry.runIn(Duration.ZERO);
    RecordedEvent recorded = reprocessing.evaluations(0, 10).getFirst();
    Event.RetentionEvaluated evaluated = (Event.RetentionEvaluated) recorded.event();
    assertThat(reprocessing.recheck(recorded).problem()).isEmpty();

    Event.RetentionEvaluated other =
        withPolicy(evaluated, evaluated.policy(), evaluated.inputPosition() - 2);
    assertThat(reprocessing.recheck(with(recorded, other)).problem())
        .hasValueSatisfying(problem -> assertThat(problem).contains("decided again"));
    Digest unknown = Digest.of(Digest.Algorithm.SHA256, new byte[] {1});
    Event.RetentionEvaluated lost = withPolicy(evaluated, unknown, evaluated.inputPosition());
    assertThat(reprocessing.recheck(with(recorded, lost)).problem())
        .hasValueSatisfying(problem -> assertThat(problem).contains("missing"));
  }

  private static Event.RetentionEvaluated withPolicy(
      Event.RetentionEvaluated evaluated, Digest policy, long inputPosition) {
    return new Event.RetentionEvaluated(
        evaluated.repository(),
        policy,
        inputPosition,
        evaluated.evaluatedAt(),
        evaluated.kept(),
        evaluated.removed(),
        evaluated.decisions(),
        evaluated.dryRun());
  }

  private static RecordedEvent with(RecordedEvent recorded, Event event) {
    return new RecordedEvent(
        recorded.position(),
        recorded.previous(),
        recorded.recordedAt(),
        recorded.clock(),
        recorded.by(),
        recorded.cause(),
        recorded.commandId(),
        event);
  }

  @Test
  @DisplayName("The policy in force then, and a time after the last event")
  void moments() {
    registry.retention().adopt(ONE);
    registry.put("a", "1", "v1");
    long first = registry.events().getLast().position();
    registry.retention().adopt(TWO);
    assertThat(reprocessing.policyInForce(at(first))).contains(ONE.digest());
    assertThat(reprocessing.policyInForce(reprocessing.now())).contains(TWO.digest());
    assertThat(reprocessing.policy(ONE.digest())).isEqualTo(ONE);
    assertThat(reprocessing.at(new Moment.AtPosition(1000))).isInstanceOf(Outcome.Refused.class);
    assertThat(reprocessing.at(new Moment.AtInstant(Instant.now().plus(Duration.ofDays(1)))))
        .isInstanceOf(Outcome.Refused.class);
    assertThat(reprocessing.repositories(reprocessing.now(), Optional.empty(), 10))
        .containsExactly(A);
    assertThat(reprocessing.known(A, at(first))).isTrue();
    assertThat(reprocessing.known(repository("b"), at(first))).isFalse();
  }
}
