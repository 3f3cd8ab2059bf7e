package dev.stele.retention;

import dev.stele.policy.KeepTags;
import dev.stele.policy.RetentionPolicy;
import dev.stele.projection.Hold;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * What rules decide about the tags of a repository: a function of the rules, the facts and a time,
 * and of nothing else. Reads the facts a few times at first and then once for each question; memory
 * is bounded by the policy's counts and by the tags that follow an image ({@link FollowingTags}),
 * not by the others. Not thread-safe.
 */
final class Evaluation {
  /** How many tags stay and how many go. */
  public record Counts(long kept, long removed) {}

  /** An entry of keep-tags, and what its counts found. */
  private record Entry(
      int index, KeepTags rules, Optional<MostRecent> pushed, Optional<MostRecent> pulled) {
    private void offer(TagFacts facts) {
      pushed.ifPresent(most -> most.offer(facts));
      pulled.ifPresent(most -> most.offer(facts));
    }

    private Optional<Verdict.Rule> keptBy(TagFacts facts, Instant at) {
      Instant putAt = facts.put().at();
      if (rules.withoutRules()) {
        return Optional.of(Verdict.Rule.PATTERNS);
      }
      if (pushed.filter(most -> most.includes(facts)).isPresent()) {
        return Optional.of(Verdict.Rule.MOST_RECENTLY_PUSHED_COUNT);
      }
      if (pulled.filter(most -> most.includes(facts)).isPresent()) {
        return Optional.of(Verdict.Rule.MOST_RECENTLY_PULLED_COUNT);
      }
      if (within(rules.pushedWithin(), putAt, at)) {
        return Optional.of(Verdict.Rule.PUSHED_WITHIN);
      }
      Instant usedAt =
          facts.pulled().map(Occurrence::at).filter(time -> time.isAfter(putAt)).orElse(putAt);
      return within(rules.pulledWithin(), usedAt, at)
          ? Optional.of(Verdict.Rule.PULLED_WITHIN)
          : Optional.empty();
    }

    private static boolean within(Optional<Duration> limit, Instant time, Instant at) {
      return limit.isPresent() && Duration.between(time, at).compareTo(limit.get()) <= 0;
    }
  }

  private final RepositoryFacts facts;
  private final Instant at;
  private final List<Entry> entries;
  private final List<Hold> holds;
  private final FollowingTags following;

  /**
   * Evaluates rules.
   *
   * @param at the time that rules count back from
   */
  public Evaluation(RetentionPolicy.Rules rules, RepositoryFacts facts, Instant at) {
    this.facts = facts;
    this.at = at;
    this.holds = facts.holds();
    this.entries =
        IntStream.range(0, rules.keepTags().size())
            .mapToObj(
                index -> {
                  KeepTags entry = rules.keepTags().get(index);
                  return new Entry(
                      index,
                      entry,
                      entry.mostRecentlyPushedCount().map(MostRecent::put),
                      entry.mostRecentlyPulledCount().map(MostRecent::pulled));
                })
            .toList();
    this.following = new FollowingTags(rules, facts);
    Map<String, RepositoryFacts.Image> images = following.present(facts);
    if (entries.stream().anyMatch(e -> e.pushed().isPresent() || e.pulled().isPresent())) {
      facts.forEachTag(tag -> claiming(tag).ifPresent(entry -> entry.offer(tag)));
    }
    // What follows stays by a hold of its own at this point, or not at all.
    following.settle(facts, images, holds, tag -> verdict(tag).keeps());
  }

  private Optional<Entry> claiming(TagFacts facts) {
    return following.image(facts).isPresent()
        ? Optional.empty()
        : entries.stream().filter(entry -> entry.rules().matches(facts.tag())).findFirst();
  }

  /** Hands over what is decided about each tag, in the byte order of the tags. */
  public void decide(Consumer<TagDecision> consumer) {
    facts.forEachTag(tag -> consumer.accept(TagDecision.of(tag, verdict(tag))));
  }

  private Verdict verdict(TagFacts facts) {
    Verdict ruled = ruled(facts);
    return ruled.keeps()
        ? ruled
        : holds.stream()
            .filter(hold -> hold.keeps(facts.tag(), facts.digest()))
            .findFirst()
            .<Verdict>map(hold -> new Verdict.Held(hold.id()))
            .orElse(ruled);
  }

  private Verdict ruled(TagFacts facts) {
    if (entries.isEmpty()) {
      return new Verdict.Unruled();
    }
    Optional<String> image = following.image(facts);
    if (image.isPresent()) {
      return new Verdict.Follows(image.get(), following.stays(image.get()));
    }
    Optional<Entry> entry = claiming(facts);
    if (entry.isEmpty()) {
      return new Verdict.Unclaimed();
    }
    int index = entry.get().index();
    return entry
        .get()
        .keptBy(facts, at)
        .<Verdict>map(rule -> new Verdict.Kept(index, rule))
        .orElseGet(() -> new Verdict.Expired(index));
  }

  /**
   * What is decided about a tag, and its place among the tags of its entry.
   *
   * @param pushed last put first, from 1; empty if no entry claims the tag
   * @param pulled last pulled first, likewise
   */
  record Ranked(Verdict verdict, Optional<Integer> pushed, Optional<Integer> pulled) {}

  /** Decides about one of the tags, and counts those before it. */
  Ranked rank(TagFacts tag) {
    Optional<Entry> entry = claiming(tag);
    if (entry.isEmpty()) {
      return new Ranked(verdict(tag), Optional.empty(), Optional.empty());
    }
    int[] before = new int[2];
    facts.forEachTag(
        other -> {
          if (claiming(other).equals(entry)) {
            before[0] += MostRecent.BY_PUT.compare(other, tag) < 0 ? 1 : 0;
            before[1] += MostRecent.BY_PULL.compare(other, tag) < 0 ? 1 : 0;
          }
        });
    return new Ranked(verdict(tag), Optional.of(before[0] + 1), Optional.of(before[1] + 1));
  }

  /** Counts what is decided. */
  public Counts count() {
    long[] counts = new long[2];
    facts.forEachTag(tag -> counts[verdict(tag).keeps() ? 0 : 1]++);
    return new Counts(counts[0], counts[1]);
  }
}
