package dev.stele.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.StoreThatDoesNothing;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.RepositoryGlob;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.SqlLogger;
import org.jdbi.v3.core.statement.StatementContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What follows the log learns of every event, in order, and costs next to nothing meanwhile. */
@Timeout(120)
class NewsTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private RegistryFixture fixture;
  private Registry registry;
  private final AtomicInteger statements = new AtomicInteger();

  @BeforeEach
  void open() {
    fixture = new RegistryFixture(new StoreThatDoesNothing());
    registry = fixture.registry();
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private void count(Jdbi jdbi) {
    jdbi.setSqlLogger(
        new SqlLogger() {
          @Override
          public void logAfterExecution(StatementContext context) {
            statements.incrementAndGet();
          }
        });
  }

  private void create(String name) {
    registry.initialise(new Caller("alice", "r"), RepositoryName.parse(name));
  }

  private News news(long after, EventFilter filter, int limit) throws InterruptedException {
    assertThat(registry.log().await(after, LONG)).isTrue();
    return registry.log().news(after, filter, limit);
  }

  private List<Long> followTo(long last, EventFilter filter, int limit) throws Exception {
    List<Long> seen = new ArrayList<>();
    long position = -1;
    while (position < last) {
      News news = news(position, filter, limit);
      news.events().forEach(event -> seen.add(event.position()));
      position = news.through();
    }
    return seen;
  }

  @Test
  void threeHundredWhoWaitCostNothingAndShareOneReading() throws Exception {
    create("team/first");
    assertThat(followTo(0, EventFilter.ALL, 10)).containsExactly(0L);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<News>> waiting = new ArrayList<>();
      count(fixture.database().audit());
      count(fixture.database().jdbi());
      for (int i = 0; i < 300; i++) {
        waiting.add(threads.submit(() -> news(0, EventFilter.ALL, 10)));
      }
      Thread.sleep(1_500);
      assertThat(statements).as("while nothing happens").hasValue(0);
      create("team/second");
      int before = statements.get(); // what the command itself took
      for (Future<News> each : waiting) {
        assertThat(each.get().through()).isEqualTo(1);
        assertThat(each.get().events()).hasSize(1);
      }
      assertThat(statements.get() - before).as("to read one event").isLessThanOrEqualTo(4);
    }
  }

  @Test
  void whoeverFallsBehindReadsTheLogAndMissesNothing() throws Exception {
    int events = EventTail.MOST + 600;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<List<Long>> follower =
          threads.submit(() -> followTo(events - 1, EventFilter.ALL, 1_000));
      List<Future<?>> creating = new ArrayList<>();
      for (int i = 0; i < events; i++) {
        String name = "team/n" + i;
        creating.add(threads.submit(() -> create(name)));
      }
      for (Future<?> each : creating) {
        each.get();
      }
      registry.log().index();
      List<Long> all = new ArrayList<>();
      for (long position = 0; position < events; position++) {
        all.add(position);
      }
      assertThat(follower.get()).isEqualTo(all);
      // From the start, which memory has no more, with a filter and in small pages.
      assertThat(followTo(events - 1, EventFilter.ALL, 7).size()).isEqualTo(events);
      EventFilter one =
          new EventFilter(Optional.of(RepositoryName.parse("team/n17")), Optional.empty());
      assertThat(followTo(events - 1, one, 1_000)).hasSize(1);
    }
  }

  @Test
  void theTailFiltersAsASearchDoes() throws Exception {
    for (String name : List.of("team/app", "other", "team/web")) {
      create(name);
    }
    List<EventFilter> filters =
        List.of(
            EventFilter.ALL,
            EventFilter.ALL.ofTypes(Set.of("TagMoved")),
            new EventFilter(Optional.empty(), Optional.of("RepositoryCreated")),
            glob("team/**", Optional.of("alice")),
            glob("team/**", Optional.of("bob")),
            glob("other", Optional.empty()));
    for (EventFilter filter : filters) {
      assertThat(followTo(2, filter, 1))
          .as("%s", filter)
          .isEqualTo(
              registry.log().events(-1, 10, filter).stream().map(EventEntry::position).toList());
    }
  }

  private static EventFilter glob(String glob, Optional<String> actor) {
    return new EventFilter(
        Optional.of(RepositoryGlob.parse(glob)),
        Set.of(),
        actor,
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }
}
