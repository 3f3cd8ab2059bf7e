package dev.stele.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.database.Database;
import dev.stele.database.TestDatabase;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class SampledTest {
  @Test
  @Timeout(60)
  void nobodyWaitsForADatabaseThatDoesNotAnswerAndItIsAskedOnce() throws Exception {
    try (TestDatabase testDatabase = TestDatabase.create();
        Database database = testDatabase.open()) {
      CountDownLatch answer = new CountDownLatch(1);
      AtomicInteger asked = new AtomicInteger();
      Sampled<Integer> sampled =
          new Sampled<>(
              database.jdbi(),
              Duration.ofMillis(200),
              _ -> {
                if (asked.incrementAndGet() > 1) {
                  awaitUninterrupted(answer);
                }
                return asked.get();
              });
      assertThat(sampled.get()).contains(1);
      Thread.sleep(300);
      // The last answer holds for some time, and then no more.
      assertThat(sampled.get()).isEmpty();
      assertThat(sampled.get()).isEmpty();
      assertThat(asked).hasValue(2);
      answer.countDown();
      while (sampled.get().isEmpty()) {
        Thread.sleep(10);
      }
      assertThat(sampled.get().orElseThrow()).isGreaterThanOrEqualTo(2);
    }
  }

  private static void awaitUninterrupted(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
