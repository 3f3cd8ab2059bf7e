package dev.stele.retention;

import static dev.stele.policy.TestPolicies.keeping;
import static dev.stele.registry.TestClient.ALICE;
import static dev.stele.retention.RetentionFixture.repository;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.KeepTags;
import dev.stele.policy.RetentionPolicy;
import dev.stele.registry.PullRecording;
import dev.stele.registry.RegistryOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Replayed retention, on random histories. */
class ReplayPropertyTest {
  private static Path folder;
  private static RetentionFixture registry;
  private static Reprocessing reprocessing;
  private static int tries;

  @BeforeContainer
  static void open() throws IOException {
    folder = Files.createTempDirectory("replay");
    registry = new RetentionFixture(folder, RegistryOptions.DEFAULT.withPulls(PullRecording.EVERY));
    reprocessing = registry.reprocessing();
  }

  @AfterContainer
  static void close() throws IOException {
    registry.close();
  }

  /** What happens: by a client, or a run of retention some days later than the last one. */
  record Step(int kind, int tag, int content) {}

  @Provide
  Arbitrary<List<Step>> steps() {
    return Combinators.combine(
            Arbitraries.frequency(
                net.jqwik.api.Tuple.of(6, 0),
                net.jqwik.api.Tuple.of(1, 1),
                net.jqwik.api.Tuple.of(1, 2),
                net.jqwik.api.Tuple.of(3, 3),
                net.jqwik.api.Tuple.of(3, 4)),
            Arbitraries.integers().between(0, 5),
            Arbitraries.integers().between(0, 3))
        .as(Step::new)
        .list()
        .ofMinSize(5)
        .ofMaxSize(30);
  }

  @Provide
  Arbitrary<RetentionPolicy> policies() {
    return Combinators.combine(
            Arbitraries.integers().between(1, 3).optional(),
            Arbitraries.integers().between(1, 3).optional(),
            Arbitraries.integers().between(1, 9).optional(),
            Arbitraries.of("", "\"patterns\":[\"[0-2]\"],"))
        .as(
            (pushed, pulled, within, patterns) -> {
              List<String> rules = new ArrayList<>();
              pushed.ifPresent(n -> rules.add("\"most-recently-pushed-count\":" + n));
              pulled.ifPresent(n -> rules.add("\"most-recently-pulled-count\":" + n));
              within.ifPresent(n -> rules.add("\"pulled-within\":\"" + n + "d\""));
              if (rules.isEmpty()) {
                rules.add("\"most-recently-pushed-count\":2");
              }
              return keeping("{" + patterns + String.join(",", rules) + "}", false);
            });
  }

  private static List<RecordedEvent> live(String name, RetentionPolicy policy, List<Step> steps) {
    registry.retention().adopt(policy);
    Map<Integer, Digest> contents = new HashMap<>();
    int days = 0;
    registry.put(name, "first", "t0");
    for (Step step : steps) {
      String tag = "t" + step.tag();
      switch (step.kind()) {
        case 0 -> contents.put(step.content(), registry.put(name, name + step.content(), tag));
        case 1 -> {
          if (registry.tags(name).contains(tag)) {
            registry.delete(name, tag);
          }
        }
        case 2 -> {
          Digest digest = contents.remove(step.content());
          if (digest != null) {
            // It may have been deleted under another number.
            var _ = registry.registry().deleteManifest(ALICE, repository(name), digest);
          }
        }
        case 3 -> {
          Digest digest = contents.get(step.content());
          if (digest != null) {
            registry.pull(name, digest, Optional.of(tag).filter(registry.tags(name)::contains));
          }
        }
        default -> {
          days += 1 + step.content();
          registry.runIn(Duration.ofDays(days));
        }
      }
    }
    return registry.events().stream()
        .filter(event -> event.event().place().equals(Optional.of(repository(name))))
        .toList();
  }

  @Property(tries = 25, shrinking = ShrinkingMode.BOUNDED)
  void thePolicyThatWasInForceChangesNothing(
      @ForAll("policies") RetentionPolicy policy, @ForAll("steps") List<Step> steps) {
    String name = "same" + tries++;
    List<RecordedEvent> events = live(name, policy, steps);
    List<Difference> differences =
        reprocessing.replay(
            policy,
            repository(name),
            start(events),
            reprocessing.now(),
            new Reprocessing.Timing.AsRecorded());
    assertThat(differences)
        .allSatisfy(each -> assertThat(each.kind()).isEqualTo(Difference.Kind.SAME));
    assertThat(
            differences.stream()
                .filter(each -> each.recorded() instanceof Fate.Kept)
                .map(each -> each.tag().value()))
        .isEqualTo(registry.tags(name));
    for (RecordedEvent event : events) {
      if (event.event() instanceof Event.RetentionEvaluated evaluated) {
        List<TagDecision> preview = new ArrayList<>();
        reprocessing.preview(
            policy,
            repository(name),
            new Occurrence(evaluated.inputPosition(), evaluated.evaluatedAt()),
            preview::add);
        assertThat(preview).isEqualTo(registry.decisions(evaluated));
        assertThat(reprocessing.recheck(event).problem()).isEmpty();
      }
    }
  }

  private static Occurrence start(List<RecordedEvent> events) {
    return new Occurrence(events.getFirst().position(), events.getFirst().recordedAt());
  }

  @Property(tries = 25, shrinking = ShrinkingMode.BOUNDED)
  void anotherPolicyDoesWhatAModelDoes(
      @ForAll("policies") RetentionPolicy policy,
      @ForAll("policies") RetentionPolicy other,
      @ForAll("steps") List<Step> steps) {
    String name = "other" + tries++;
    RepositoryName repository = repository(name);
    List<RecordedEvent> events = live(name, policy, steps);
    Map<Tag, Digest> kept = new TreeMap<>();
    for (Difference difference :
        reprocessing.replay(
            other,
            repository,
            start(events),
            reprocessing.now(),
            new Reprocessing.Timing.AsRecorded())) {
      if (difference.replayed() instanceof Fate.Kept there) {
        kept.put(difference.tag(), there.digest());
      }
    }
    assertThat(kept)
        .isEqualTo(model(events, other.of(repository).orElseThrow().keepTags().getFirst()));
  }

  /** What a tag has in the model. */
  private record Put(Digest digest, Occurrence at) {}

  /** The same policy on the same events, in the plainest words; one entry of keep-tags only. */
  private static Map<Tag, Digest> model(List<RecordedEvent> events, KeepTags rules) {
    Map<Tag, Put> tags = new TreeMap<>();
    List<Event.RetentionEvaluated> evaluations =
        events.stream()
            .filter(event -> event.event() instanceof Event.RetentionEvaluated)
            .map(event -> (Event.RetentionEvaluated) event.event())
            .toList();
    int done = 0;
    for (RecordedEvent event : events) {
      while (done < evaluations.size()
          && evaluations.get(done).inputPosition() <= event.position()) {
        expire(tags, events, evaluations.get(done++), rules);
      }
      Occurrence now = new Occurrence(event.position(), event.recordedAt());
      if (event.event() instanceof Event.ManifestPut put) {
        put.tags().forEach(tag -> tags.putIfAbsent(tag, new Put(put.digest(), now)));
        put.tags().stream()
            .filter(tag -> tags.get(tag).digest().equals(put.digest()))
            .forEach(tag -> tags.put(tag, new Put(put.digest(), now)));
      } else if (event.event() instanceof Event.TagMoved moved) {
        tags.put(moved.tag(), new Put(moved.digest(), now));
      } else if (event.event() instanceof Event.TagDeleted deleted
          && event.cause().kind() != Cause.Kind.RETENTION) {
        tags.remove(deleted.tag());
      } else if (event.event() instanceof Event.ManifestDeleted deleted) {
        tags.values().removeIf(put -> put.digest().equals(deleted.digest()));
      }
    }
    Map<Tag, Digest> kept = new TreeMap<>();
    tags.forEach((tag, put) -> kept.put(tag, put.digest()));
    return kept;
  }

  private static void expire(
      Map<Tag, Put> tags,
      List<RecordedEvent> events,
      Event.RetentionEvaluated evaluation,
      KeepTags rules) {
    List<Tag> claimed = tags.keySet().stream().filter(rules::matches).toList();
    Comparator<Tag> byPut = Comparator.comparing(tag -> tags.get(tag).at());
    Comparator<Tag> byPull =
        Comparator.comparing(tag -> pulled(events, evaluation, tag, tags.get(tag).digest()));
    List<Tag> pushedLast =
        claimed.stream().sorted(byPut.reversed().thenComparing(Comparator.naturalOrder())).toList();
    List<Tag> pulledLast =
        claimed.stream()
            .sorted(
                byPull
                    .reversed()
                    .thenComparing(byPut.reversed())
                    .thenComparing(Comparator.naturalOrder()))
            .toList();
    List<Tag> gone = new ArrayList<>(tags.keySet());
    rules
        .mostRecentlyPushedCount()
        .ifPresent(n -> gone.removeAll(pushedLast.subList(0, Math.min(n, pushedLast.size()))));
    rules
        .mostRecentlyPulledCount()
        .ifPresent(n -> gone.removeAll(pulledLast.subList(0, Math.min(n, pulledLast.size()))));
    rules
        .pulledWithin()
        .ifPresent(
            limit ->
                gone.removeIf(
                    tag ->
                        claimed.contains(tag)
                            && List.of(
                                    tags.get(tag).at(),
                                    pulled(events, evaluation, tag, tags.get(tag).digest()))
                                .stream()
                                .anyMatch(
                                    used ->
                                        !used.at()
                                            .plus(limit)
                                            .isBefore(evaluation.evaluatedAt()))));
    gone.forEach(tags::remove);
  }

  /** The last pull that the evaluation saw; long ago if there was none. */
  private static Occurrence pulled(
      List<RecordedEvent> events, Event.RetentionEvaluated evaluation, Tag tag, Digest digest) {
    return events.stream()
        .filter(event -> event.position() < evaluation.inputPosition())
        .filter(
            event ->
                event.event() instanceof Event.PullsObserved pulls
                    && (pulls.digest().equals(digest) || pulls.tag().equals(Optional.of(tag))))
        .map(
            event -> new Occurrence(event.position(), ((Event.PullsObserved) event.event()).last()))
        .max(Comparator.naturalOrder())
        .orElse(new Occurrence(-1, java.time.Instant.EPOCH));
  }
}
