package dev.stele.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import dev.stele.oci.Tag;
import dev.stele.policy.RetentionPolicy;
import dev.stele.policy.TestPolicies;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Parity row 42, without a database. */
class EvaluationTest {
  static final Instant NOW = Instant.parse("2026-03-03T14:05:00Z");

  /** Tags that are given, in byte order. */
  record GivenFacts(List<TagFacts> tags) implements RepositoryFacts {
    @Override
    public long position() {
      return 1000;
    }

    @Override
    public void forEachTag(Consumer<TagFacts> consumer) {
      tags.forEach(consumer);
    }
  }

  static Digest digest(String content) {
    return Digest.of(Digest.Algorithm.SHA256, content.getBytes(StandardCharsets.UTF_8));
  }

  /** A tag that was put some days ago, and pulled some days ago, if ever. */
  private static TagFacts tag(String name, int putDaysAgo, Integer... pulledDaysAgo) {
    return new TagFacts(
        Tag.parse(name),
        digest(name),
        daysAgo(putDaysAgo),
        Arrays.stream(pulledDaysAgo).findFirst().map(EvaluationTest::daysAgo));
  }

  private static Occurrence daysAgo(int days) {
    return new Occurrence(500 - days, NOW.minus(Duration.ofDays(days)));
  }

  static RetentionPolicy.Rules rules(String keepTags) throws Exception {
    return TestPolicies.keeping(keepTags, false).policies().getFirst().rules();
  }

  private static Map<String, String> reasons(String keepTags, TagFacts... tags) throws Exception {
    List<TagDecision> decisions = new ArrayList<>();
    Evaluation evaluation = new Evaluation(rules(keepTags), new GivenFacts(List.of(tags)), NOW);
    evaluation.decide(decisions::add);
    assertThat(evaluation.count())
        .isEqualTo(
            new Evaluation.Counts(
                decisions.stream().filter(d -> d.verdict().keeps()).count(),
                decisions.stream().filter(d -> !d.verdict().keeps()).count()));
    return decisions.stream()
        .collect(Collectors.toMap(d -> d.tag().value(), d -> d.verdict().reason()));
  }

  @Test
  @DisplayName("42: rules of an entry are alternatives, any one keeps")
  void anyRuleKeeps() throws Exception {
    assertThat(
            reasons(
                """
                {"most-recently-pushed-count": 1, "most-recently-pulled-count": 1,
                 "pushed-within": "5d", "pulled-within": "30d"}
                """,
                tag("a", 1),
                tag("b", 90, 1),
                tag("c", 5),
                tag("d", 90, 30),
                tag("e", 90, 31),
                tag("f", 90)))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "a", "kept by keep-tags[0].most-recently-pushed-count",
                "b", "kept by keep-tags[0].most-recently-pulled-count",
                "c", "kept by keep-tags[0].pushed-within",
                "d", "kept by keep-tags[0].pulled-within",
                "e", "not kept by any rule of keep-tags[0]",
                "f", "not kept by any rule of keep-tags[0]"));
  }

  @Test
  @DisplayName(
      "42: no rule in an entry keeps all it matches; a tag that no entry claims is removed")
  void anEntryWithoutRulesKeepsAllThatItMatches() throws Exception {
    assertThat(
            reasons(
                "{\"patterns\": [\"^v\", \"prod\"]}",
                tag("my-prod", 900),
                tag("v1", 900),
                tag("x", 0)))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "my-prod", "kept by keep-tags[0].patterns",
                "v1", "kept by keep-tags[0].patterns",
                "x", "not matched by any entry of keep-tags"));
  }

  @Test
  @DisplayName("42: no keep-tags at all keeps every tag")
  void withoutKeepTagsEveryTagStays() throws Exception {
    assertThat(reasons("", tag("a", 900))).containsExactly(Map.entry("a", "no keep-tags"));
  }

  @Test
  @DisplayName("42: a tag belongs to the first entry that matches it, and counts are per entry")
  void countsAreOfTheTagsThatAnEntryClaims() throws Exception {
    assertThat(
            reasons(
                """
                {"patterns": ["^v"], "most-recently-pushed-count": 2},
                {"most-recently-pushed-count": 1}
                """,
                tag("a", 9),
                tag("b", 8),
                tag("v1", 7),
                tag("v2", 6),
                tag("v3", 5)))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "a", "not kept by any rule of keep-tags[1]",
                "b", "kept by keep-tags[1].most-recently-pushed-count",
                "v1", "not kept by any rule of keep-tags[0]",
                "v2", "kept by keep-tags[0].most-recently-pushed-count",
                "v3", "kept by keep-tags[0].most-recently-pushed-count"));
  }

  @Test
  @DisplayName(
      "42: what was never pulled counts as pulled longest ago, but its arrival keeps it from"
          + " pulled-within")
  void whatWasNeverPulledComesLast() throws Exception {
    assertThat(
            reasons(
                "{\"most-recently-pulled-count\": 2}", tag("a", 1), tag("b", 80, 70), tag("c", 2)))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "a", "kept by keep-tags[0].most-recently-pulled-count",
                "b", "kept by keep-tags[0].most-recently-pulled-count",
                "c", "not kept by any rule of keep-tags[0]"));
    assertThat(reasons("{\"pulled-within\": \"10d\"}", tag("new", 10), tag("old", 11)))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "new", "kept by keep-tags[0].pulled-within",
                "old", "not kept by any rule of keep-tags[0]"));
  }

  @Test
  @DisplayName("42: of tags that were put together, the first by name counts as more recent")
  void tiesAreBrokenByName() throws Exception {
    assertThat(
            reasons("{\"most-recently-pushed-count\": 2}", tag("a", 3), tag("b", 3), tag("c", 3)))
        .containsEntry("b", "kept by keep-tags[0].most-recently-pushed-count")
        .containsEntry("c", "not kept by any rule of keep-tags[0]");
  }

  @Test
  void aDecisionNamesThePositionsOfTheFactsThatMadeIt() throws Exception {
    List<TagDecision> decisions = new ArrayList<>();
    new Evaluation(
            rules("{\"most-recently-pushed-count\": 1, \"pulled-within\": \"30d\"}"),
            new GivenFacts(List.of(tag("a", 1, 1), tag("b", 90, 2), tag("c", 90, 80))),
            NOW)
        .decide(decisions::add);
    assertThat(decisions)
        .containsExactly(
            new TagDecision(
                Tag.parse("a"),
                digest("a"),
                499,
                Optional.empty(),
                new Verdict.Kept(0, Verdict.Rule.MOST_RECENTLY_PUSHED_COUNT)),
            new TagDecision(
                Tag.parse("b"),
                digest("b"),
                410,
                Optional.of(498L),
                new Verdict.Kept(0, Verdict.Rule.PULLED_WITHIN)),
            new TagDecision(
                Tag.parse("c"), digest("c"), 410, Optional.of(420L), new Verdict.Expired(0)));
  }
}
