package dev.stele.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Tag;
import dev.stele.policy.KeepTags;
import dev.stele.policy.RetentionPolicy;
import dev.stele.policy.TagPattern;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Any rules on any tags, against the same rules written down in the slow and obvious way. */
class EvaluationPropertyTest {
  private static final Instant NOW = EvaluationTest.NOW;

  @Property(tries = 3000)
  void decidesAsTheObviousWayDoes(
      @ForAll("tags") List<TagFacts> tags, @ForAll("keepTags") List<KeepTags> keepTags) {
    RetentionPolicy.Rules rules = new RetentionPolicy.Rules(false, false, keepTags);
    Set<Tag> kept = new HashSet<>();
    List<Tag> order = new ArrayList<>();
    new Evaluation(rules, new EvaluationTest.GivenFacts(tags), NOW)
        .decide(
            decision -> {
              order.add(decision.tag());
              if (decision.verdict().keeps()) {
                kept.add(decision.tag());
              }
            });
    assertThat(order).containsExactlyElementsOf(tags.stream().map(TagFacts::tag).toList());
    assertThat(kept).isEqualTo(obvious(keepTags, tags));
  }

  private static Set<Tag> obvious(List<KeepTags> keepTags, List<TagFacts> tags) {
    Set<Tag> kept = new HashSet<>();
    List<TagFacts> unclaimed = new ArrayList<>(tags);
    if (keepTags.isEmpty()) {
      unclaimed.forEach(tag -> kept.add(tag.tag()));
    }
    for (KeepTags entry : keepTags) {
      List<TagFacts> claimed =
          unclaimed.stream().filter(facts -> entry.matches(facts.tag())).toList();
      unclaimed.removeAll(claimed);
      if (entry.withoutRules()) {
        claimed.forEach(facts -> kept.add(facts.tag()));
      }
      List<TagFacts> byPut = new ArrayList<>(claimed);
      byPut.sort(
          Comparator.<TagFacts>comparingLong(facts -> -facts.put().position())
              .thenComparing(facts -> facts.tag().value()));
      List<TagFacts> byPull = new ArrayList<>(byPut);
      byPull.sort( // stable, so that what was put last stays first
          (one, other) ->
              other
                      .pulled()
                      .map(Occurrence::at)
                      .orElse(Instant.MIN)
                      .equals(one.pulled().map(Occurrence::at).orElse(Instant.MIN))
                  ? Long.compare(
                      other.pulled().map(Occurrence::position).orElse(-1L),
                      one.pulled().map(Occurrence::position).orElse(-1L))
                  : other
                      .pulled()
                      .map(Occurrence::at)
                      .orElse(Instant.MIN)
                      .compareTo(one.pulled().map(Occurrence::at).orElse(Instant.MIN)));
      byPut.stream()
          .limit(entry.mostRecentlyPushedCount().orElse(0))
          .forEach(facts -> kept.add(facts.tag()));
      byPull.stream()
          .limit(entry.mostRecentlyPulledCount().orElse(0))
          .forEach(facts -> kept.add(facts.tag()));
      for (TagFacts facts : claimed) {
        Instant put = facts.put().at();
        if (entry.pushedWithin().filter(limit -> !put.plus(limit).isBefore(NOW)).isPresent()) {
          kept.add(facts.tag());
        }
        if (entry.pulledWithin().isPresent()) {
          Duration limit = entry.pulledWithin().get();
          if (!put.plus(limit).isBefore(NOW)
              || facts.pulled().filter(pull -> !pull.at().plus(limit).isBefore(NOW)).isPresent()) {
            kept.add(facts.tag());
          }
        }
      }
    }
    return kept;
  }

  /** Few distinct times, so that many tags were put or pulled together. */
  @Provide
  Arbitrary<List<TagFacts>> tags() {
    Arbitrary<Occurrence> moments =
        Arbitraries.integers()
            .between(0, 8)
            .map(days -> new Occurrence(100 - days, NOW.minus(Duration.ofDays(days))));
    Arbitrary<String> names = Arbitraries.strings().withChars("abv1").ofMinLength(1).ofMaxLength(3);
    return Combinators.combine(names, moments, moments.optional(0.6))
        .as(
            (name, put, pulled) ->
                new TagFacts(Tag.parse(name), EvaluationTest.digest(name), put, pulled))
        .list()
        .uniqueElements(TagFacts::tag)
        .ofMaxSize(25)
        .map(list -> list.stream().sorted(Comparator.comparing(TagFacts::tag)).toList());
  }

  @Provide
  Arbitrary<List<KeepTags>> keepTags() {
    Arbitrary<List<TagPattern>> patterns =
        Arbitraries.of("a", "^v", "1$", "b.*a", "^[ab]+$")
            .map(TagPattern::parse)
            .list()
            .ofMaxSize(2);
    Arbitrary<Optional<Integer>> counts = Arbitraries.integers().between(1, 6).optional(0.4);
    Arbitrary<Optional<Duration>> limits =
        Arbitraries.integers().between(0, 8).map(Duration::ofDays).optional(0.4);
    return Combinators.combine(patterns, counts, counts, limits, limits)
        .as(KeepTags::new)
        .list()
        .ofMaxSize(3);
  }
}
