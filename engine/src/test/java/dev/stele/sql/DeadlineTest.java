package dev.stele.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.database.TestDatabase;
import dev.stele.log.Outage;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DeadlineTest {
  private static final String FOR_EVER = "SELECT pg_sleep(3600)";

  private static int sleep(Jdbi jdbi, String sql) {
    return jdbi.withHandle(handle -> handle.createQuery(sql).map((_, _) -> 1).one());
  }

  @Test
  void aStatementIsEndedByTheDatabaseWhenTheTimeIsOver() throws Exception {
    try (TestDatabase database = TestDatabase.create()) {
      Jdbi jdbi = Jdbi.create(database.url(), database.user(), database.password());
      Deadline.heed(jdbi);
      assertThatThrownBy(
              () -> Deadline.in(Duration.ofSeconds(3)).within(() -> sleep(jdbi, FOR_EVER)))
          .isInstanceOf(JdbiException.class)
          .satisfies(thrown -> assertThat(Outage.of(thrown)).contains(Outage.TOO_SLOW));
      // None begins after that, and none without a deadline is ended.
      assertThatThrownBy(
              () ->
                  Deadline.in(Duration.ofMillis(100))
                      .within(
                          () -> {
                            Thread.sleep(150);
                            return sleep(jdbi, FOR_EVER);
                          }))
          .isInstanceOf(Deadline.DeadlineOverException.class);
      assertThat(sleep(jdbi, "SELECT pg_sleep(1.2)")).isOne();
      assertThat(
              Deadline.in(Duration.ofMinutes(1))
                  .<Integer>within(() -> sleep(jdbi, "SELECT pg_sleep(0)")))
          .isOne();
    }
  }

  @Test
  void whatComputesEndsWhenTheTimeIsOverOrItsThreadIsInterrupted() throws Exception {
    assertThatThrownBy(() -> Deadline.in(Duration.ofMillis(50)).within(DeadlineTest::compute))
        .isInstanceOf(Deadline.DeadlineOverException.class);
    try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
      Future<Integer> computing =
          thread.submit(() -> Deadline.in(Duration.ofHours(1)).within(DeadlineTest::compute));
      assertThat(computing.cancel(true)).isTrue();
    } // returns, since it has ended
  }

  @Test
  void workWithoutADeadlineGoesOnThoughItsThreadIsInterrupted() {
    Thread.currentThread().interrupt();
    try {
      Deadline.check();
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  private static int compute() {
    for (int round = 0; ; round = (round + 1) % 1_000) {
      Deadline.check();
    }
  }
}
