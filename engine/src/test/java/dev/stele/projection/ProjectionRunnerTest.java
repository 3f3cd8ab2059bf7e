package dev.stele.projection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.blob.StoreThatDoesNothing;
import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import dev.stele.log.LogReader;
import dev.stele.oci.RepositoryName;
import dev.stele.registry.Caller;
import dev.stele.registry.RegistryFixture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.SqlLogger;
import org.jdbi.v3.core.statement.StatementContext;
import org.junit.jupiter.api.Test;

class ProjectionRunnerTest {
  /** It takes note of what it is given. */
  private static final class Noting implements Projection {
    private final List<Long> applied = new ArrayList<>();

    @Override
    public String name() {
      return "noting";
    }

    @Override
    public List<String> tables() {
      return List.of();
    }

    @Override
    public void apply(Handle transaction, List<RecordedEvent> events) {
      events.forEach(event -> applied.add(event.position()));
    }
  }

  /** Takes each event in three parts, and notes them; fails once, where it is told to. */
  private static final class InParts implements Projection {
    private final List<String> applied = new ArrayList<>();
    private Optional<String> failing = Optional.empty();

    @Override
    public String name() {
      return "noting";
    }

    @Override
    public List<String> tables() {
      return List.of();
    }

    @Override
    public void apply(Handle transaction, List<RecordedEvent> events) {
      throw new AssertionError("these are wide");
    }

    @Override
    public boolean isWide(Event event) {
      return true;
    }

    @Override
    public Optional<String> applyPart(
        Handle transaction, RecordedEvent event, Optional<String> done) {
      int part = done.map(Integer::parseInt).orElse(0) + 1;
      String what = event.position() + "." + part;
      if (failing.equals(Optional.of(what))) {
        failing = Optional.empty();
        throw new IllegalStateException("as if the process ended");
      }
      applied.add(what);
      return part == 3 ? Optional.empty() : Optional.of(Integer.toString(part));
    }
  }

  @Test
  void anEventThatChangesMuchIsAppliedInPartsAndGoesOnWhereItWas() {
    try (RegistryFixture fixture = new RegistryFixture(new StoreThatDoesNothing())) {
      InParts view = new InParts();
      fixture.registry().initialise(new Caller("alice", "r"), RepositoryName.parse("team/app"));
      fixture.registry().initialise(new Caller("alice", "r"), RepositoryName.parse("team/web"));
      view.failing = Optional.of("0.3");
      ProjectionRunner one = runner(fixture, view, OptionalLong.empty());
      assertThatThrownBy(one::step).hasMessage("as if the process ended");
      assertThat(one.nextPosition()).isZero();

      ProjectionRunner other = runner(fixture, view, OptionalLong.empty());
      assertThat(other.step()).extracting(RecordedEvent::position).containsExactly(0L);
      assertThat(other.nextPosition()).isEqualTo(1);
      assertThat(other.await(1, Duration.ofSeconds(60))).isTrue();
      assertThat(view.applied).containsExactly("0.1", "0.2", "0.3", "1.1", "1.2", "1.3");
    }
  }

  /** As one does that was stopped while another began to lead. */
  @Test
  void whoLeadsNoMoreChangesNothing() {
    try (RegistryFixture fixture = new RegistryFixture(new StoreThatDoesNothing())) {
      Noting view = new Noting();
      lead(fixture, 7);
      ProjectionRunner old = runner(fixture, view, OptionalLong.of(6));
      ProjectionRunner leader = runner(fixture, view, OptionalLong.of(7));
      ProjectionRunner bystander = runner(fixture, view, OptionalLong.empty());

      fixture.registry().initialise(new Caller("alice", "r"), RepositoryName.parse("team/app"));
      assertThat(old.step()).isEmpty();
      assertThat(bystander.step()).isEmpty();
      assertThat(view.applied).isEmpty();
      assertThat(leader.step()).hasSize(1);
      assertThat(leader.nextPosition()).isEqualTo(1);

      fixture.registry().initialise(new Caller("alice", "r"), RepositoryName.parse("team/web"));
      fixture
          .database()
          .jdbi()
          .useHandle(handle -> handle.execute("UPDATE leader SET expires_at = '-infinity'"));
      assertThat(bystander.step()).as("while nobody leads").hasSize(1);
      assertThat(view.applied).containsExactly(0L, 1L);
    }
  }

  @Test
  void thoseWhoWaitForAViewHoldNothingAndOneLooksForAll() throws Exception {
    try (RegistryFixture fixture = new RegistryFixture(new StoreThatDoesNothing());
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Noting view = new Noting();
      lead(fixture, 7);
      ProjectionRunner leader = runner(fixture, view, OptionalLong.of(7));
      ProjectionRunner bystander = runner(fixture, view, OptionalLong.empty());
      fixture.registry().initialise(new Caller("alice", "r"), RepositoryName.parse("team/app"));
      assertThat(bystander.await(0, Duration.ofMillis(100))).isFalse();

      AtomicInteger looks = new AtomicInteger();
      fixture
          .database()
          .audit()
          .setSqlLogger(
              new SqlLogger() {
                @Override
                public void logAfterExecution(StatementContext context) {
                  looks.incrementAndGet();
                }
              });
      List<Future<Boolean>> waiting = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        waiting.add(threads.submit(() -> bystander.await(0, Duration.ofSeconds(60))));
      }
      Thread.sleep(1_000);
      // Some 40 looks and as many tries, where each of those who wait would have made as many.
      assertThat(looks.get()).isLessThan(500);
      assertThat(leader.step()).hasSize(1);
      for (Future<Boolean> each : waiting) {
        assertThat(each.get()).isTrue();
      }
    }
  }

  @Test
  void whileNobodyLeadsThoseWhoWaitBringTheViewUp() {
    try (RegistryFixture fixture = new RegistryFixture(new StoreThatDoesNothing())) {
      Noting view = new Noting();
      for (int i = 0; i < 5; i++) {
        fixture.registry().initialise(new Caller("alice", "r"), RepositoryName.parse("app" + i));
      }
      ProjectionRunner runner = runner(fixture, view, OptionalLong.empty());
      assertThat(runner.await(4, Duration.ofSeconds(60))).isTrue();
      assertThat(view.applied).containsExactly(0L, 1L, 2L, 3L, 4L);
      assertThat(runner.await(5, Duration.ofMillis(50))).as("no such event yet").isFalse();
    }
  }

  private static void lead(RegistryFixture fixture, long term) {
    fixture
        .database()
        .jdbi()
        .useHandle(
            handle ->
                handle.execute(
                    "UPDATE leader SET term = ?, expires_at = clock_timestamp() + interval '1 h'",
                    term));
  }

  private static ProjectionRunner runner(
      RegistryFixture fixture, Projection view, OptionalLong term) {
    return new ProjectionRunner(
        fixture.database().audit(), new LogReader(new EventCodec()), view, () -> term);
  }
}
