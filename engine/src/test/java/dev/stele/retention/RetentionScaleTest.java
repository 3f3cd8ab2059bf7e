package dev.stele.retention;

import static dev.stele.policy.TestPolicies.keeping;
import static dev.stele.retention.RetentionFixture.repository;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.event.Event;
import dev.stele.oci.Digest;
import dev.stele.registry.PullRecording;
import dev.stele.registry.RegistryOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * More tags than a page of anything. {@code -Dstele.test.retention-tags=100000} makes it a
 * measurement; it prints how long each step took, and what the heap held at most.
 */
class RetentionScaleTest {
  private static final int TAGS = Integer.getInteger("stele.test.retention-tags", 2_500);
  private static final int TAGS_A_PUT = 500;

  @TempDir private Path folder;

  @Test
  @DisplayName("42: a repository of many tags is decided in pages, live as in a replay")
  void decidesManyTags() throws Exception {
    try (RetentionFixture registry =
        new RetentionFixture(folder, RegistryOptions.DEFAULT.withPulls(PullRecording.EVERY))) {
      for (int from = 0; from < TAGS; from += TAGS_A_PUT) {
        String[] tags =
            IntStream.range(from, Math.min(from + TAGS_A_PUT, TAGS))
                .mapToObj("build-%07d"::formatted)
                .toArray(String[]::new);
        Digest digest = registry.put("a", "content " + from, tags);
        registry.pull("a", digest, Optional.of(tags[0]));
      }
      registry.followPulls();
      String entry =
          "{\"patterns\":[\"[05]$\"]},{\"most-recently-pushed-count\":%d,\"pulled-within\":\"1ms\"}"
              .formatted(TAGS / 2);
      registry.retention().adopt(keeping(entry, true));
      measured("count, decide and record", () -> registry.retention().run());
      Event.RetentionEvaluated evaluated =
          registry.events(Event.RetentionEvaluated.class).getFirst();
      assertThat(evaluated.kept() + evaluated.removed()).isEqualTo(TAGS);
      assertThat(evaluated.kept()).isEqualTo(TAGS / 5 + TAGS / 2);
      List<TagDecision> previewed = new ArrayList<>();
      measured(
          "preview",
          () ->
              registry
                  .retention()
                  .preview(
                      keeping(entry, true).of(repository("a")).orElseThrow(),
                      repository("a"),
                      previewed::add));
      assertThat(previewed).hasSize(TAGS);
      measured(
          "decide again from the log",
          () ->
              assertThat(registry.reprocessing().decideAgain(evaluated))
                  .isEqualTo(evaluated.decisions()));
      registry.retention().adopt(keeping(entry, false));
      measured(
          "decide and remove",
          () -> assertThat(registry.retention().run().removed()).isEqualTo(evaluated.removed()));
      assertThat(registry.tags("a")).hasSize((int) evaluated.kept());
    }
  }

  private static void measured(String what, Runnable work) {
    System.gc();
    long before = used();
    long[] most = {before};
    Thread sampler =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  try {
                    while (true) {
                      most[0] = Math.max(most[0], used());
                      Thread.sleep(5);
                    }
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    long started = System.nanoTime();
    work.run();
    long millis = (System.nanoTime() - started) / 1_000_000;
    sampler.interrupt();
    System.out.printf(
        "%,d tags: %s: %,d ms; heap %,d KiB before, %,d KiB at most with garbage%n",
        TAGS, what, millis, before >> 10, most[0] >> 10);
  }

  private static long used() {
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
