package dev.stele.retention;

import static dev.stele.policy.TestPolicies.keeping;
import static dev.stele.retention.RetentionFixture.repository;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Tag;
import dev.stele.registry.RegistryOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RetentionConcurrencyTest {
  private static final int PUSHERS = 4;
  private static final int TAGS = 12;

  @TempDir private Path folder;

  @Test
  @DisplayName("Beside pushes, retention removes no tag that was put after its evaluation")
  void aTagThatIsPutAfterTheEvaluationSurvives() throws Exception {
    try (RetentionFixture registry = new RetentionFixture(folder, RegistryOptions.DEFAULT);
        ExecutorService pushers = Executors.newFixedThreadPool(PUSHERS)) {
      registry.retention().adopt(keeping("{\"pushed-within\":\"1ms\"}", false));
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < PUSHERS; i++) {
        RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
        running.add(
            pushers.submit(
                () -> {
                  for (int n = 0; n < 150; n++) {
                    registry.put("a", "content" + random.nextInt(2), "t" + random.nextInt(TAGS));
                  }
                }));
      }
      long removed = 0;
      while (running.stream().anyMatch(pusher -> !pusher.isDone())) {
        removed += registry.retention().run().removed();
      }
      for (Future<?> pusher : running) {
        pusher.get();
      }
      assertThat(removed).as("the test is about removals").isPositive();
      assertThat(check(registry.events())).isEqualTo(removed);
      assertThat(registry.viewsEqualAReplay()).isTrue();
      List<Event.RetentionEvaluated> evaluations = registry.events(Event.RetentionEvaluated.class);
      assertThat(evaluations)
          .allSatisfy(
              evaluated ->
                  assertThat(registry.reprocessing().decideAgain(evaluated))
                      .isEqualTo(evaluated.decisions()));
      assertThat(registry.registry().exists(repository("a"))).isTrue();
    }
  }

  /** Reads the log from its start; returns how many tags retention removed, each rightly. */
  private static long check(List<RecordedEvent> events) {
    long removed = 0;
    Map<Tag, Long> lastPut = new HashMap<>();
    Event.RetentionEvaluated evaluation = null;
    for (RecordedEvent recorded : events) {
      switch (recorded.event()) {
        case Event.ManifestPut put ->
            put.tags().forEach(tag -> lastPut.put(tag, recorded.position()));
        case Event.RetentionEvaluated evaluated -> evaluation = evaluated;
        case Event.TagDeleted deleted -> {
          assertThat(recorded.cause().kind()).isEqualTo(Cause.Kind.RETENTION);
          assertThat(evaluation).isNotNull();
          assertThat(lastPut.get(deleted.tag()))
              .as("tag %s, removed at %d", deleted.tag(), recorded.position())
              .isLessThan(evaluation.inputPosition());
          removed++;
        }
        default -> {}
      }
    }
    return removed;
  }
}
