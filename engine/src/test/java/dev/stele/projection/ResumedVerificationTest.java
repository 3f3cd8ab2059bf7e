package dev.stele.projection;

import static dev.stele.registry.TestClient.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.blob.StoreThatDoesNothing;
import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import dev.stele.log.LogReader;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.HoldScope;
import dev.stele.policy.RepositoryGlob;
import dev.stele.registry.NewHold;
import dev.stele.registry.Outcome;
import dev.stele.registry.RegistryFixture;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A verification that is cut off goes on where it was, whatever the registry does meanwhile. */
class ResumedVerificationTest {
  private static final int EVENTS = 2_500;
  private static final LogReader READER = new LogReader(new EventCodec());

  /** As good as a kill: nothing is done after it. */
  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private RegistryFixture fixture;
  private Jdbi jdbi;

  @BeforeEach
  void open() {
    fixture = new RegistryFixture(new StoreThatDoesNothing());
    jdbi = fixture.database().audit();
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private void append(String prefix, int events) {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int n = 0; n < events; n++) {
        RepositoryName name = RepositoryName.parse(prefix + n);
        threads.execute(() -> fixture.registry().initialise(ALICE, name));
      }
    }
  }

  private record Progress(String what, long done) {
    boolean ofTable(int number) {
      return what.startsWith("table " + number + " of ");
    }
  }

  private static Consumer<Progress> killing(Predicate<Progress> when) {
    return progress -> {
      if (when.test(progress)) {
        throw new Killed();
      }
    };
  }

  private Verification.Report run(Consumer<Progress> told) {
    return run(false, told);
  }

  private Verification.Report run(boolean anew, Consumer<Progress> told) {
    return new Verification(READER, 0)
        .run(jdbi, anew, (what, done, _) -> told.accept(new Progress(what, done)));
  }

  @Test
  void itGoesOnInTheLogAndInTheTables() throws Exception {
    append("a", EVENTS);
    assertThatThrownBy(() -> run(killing(progress -> progress.done() >= 1024)))
        .isInstanceOf(Killed.class);
    List<Progress> told = new ArrayList<>();
    assertThatThrownBy(
            () ->
                run(
                    progress -> {
                      told.add(progress);
                      killing(each -> each.ofTable(3)).accept(progress);
                    }))
        .isInstanceOf(Killed.class);
    assertThat(told.getFirst().done()).isEqualTo(2048);
    told.clear();
    append("b", 1);
    try (Connection owner = fixture.testDatabase().connect();
        Statement statement = owner.createStatement()) {
      statement.execute("INSERT INTO swept_orphan VALUES ('default', 'key')");
    }
    Verification.Report report = run(told::add);
    assertThat(told).noneMatch(each -> each.ofTable(1) || each.ofTable(2));
    assertThat(report.events()).isEqualTo(EVENTS + 1);
    assertThat(report.results().getFirst())
        .isEqualTo(new Verification.Result("log", "event", EVENTS, 0, 0));
    assertThat(report.results().stream().filter(result -> !result.equal()))
        .containsExactly(new Verification.Result("orphan", "swept_orphan", 0, 0, 1));
  }

  @Test
  void theViewsMayMoveOnAllTheTime() {
    append("a", 50);
    int[] more = new int[1];
    Verification.Report report = run(_ -> append("b" + more[0]++ + "/", 2));
    assertThat(report.results()).allMatch(Verification.Result::equal);
    assertThat(more[0]).isGreaterThan(30);
    assertThat(report.events()).isGreaterThan(100);
  }

  @Test
  void whoBeginsWhileAnotherRunsGoesOnInItsPlace() {
    append("a", EVENTS);
    Verification.Report[] second = new Verification.Report[1];
    assertThatThrownBy(
            () ->
                run(
                    progress -> {
                      if (second[0] == null && progress.ofTable(2)) {
                        try (ExecutorService other = Executors.newVirtualThreadPerTaskExecutor()) {
                          second[0] = other.submit(() -> run(_ -> {})).get();
                        } catch (Exception e) {
                          throw new AssertionError(e);
                        }
                      }
                    }))
        .isInstanceOf(VerificationEndedException.class)
        .hasMessageContaining("another verification");
    assertThat(second[0].equal()).isTrue();
  }

  @Test
  void whoWantsToBeginsAnew() {
    append("a", EVENTS);
    assertThatThrownBy(() -> run(killing(progress -> progress.ofTable(5))))
        .isInstanceOf(Killed.class);
    List<Progress> told = new ArrayList<>();
    assertThat(run(true, told::add).equal()).isTrue();
    assertThat(told.getFirst().done()).isEqualTo(1024);
    long left =
        jdbi.withHandle(
            handle ->
                handle
                    .createQuery("SELECT count(*) FROM pg_tables WHERE schemaname = 'verification'")
                    .mapTo(Long.class)
                    .one());
    assertThat(left).as("nothing is left of it").isZero();
  }

  /** PostgreSQL empties unlogged tables when it recovers. */
  @Test
  void afterACrashOfTheDatabaseItBeginsAnew() {
    append("a", EVENTS);
    assertThatThrownBy(() -> run(killing(progress -> progress.ofTable(5))))
        .isInstanceOf(Killed.class);
    List<String> tables =
        jdbi.withHandle(
            handle ->
                handle
                    .createQuery(
                        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relpersistence = 'u'"
                            + " AND relnamespace = 'verification'::regnamespace")
                    .mapTo(String.class)
                    .list());
    assertThat(tables).hasSizeGreaterThan(30);
    jdbi.useHandle(
        handle -> tables.forEach(table -> handle.execute("TRUNCATE verification." + table)));
    List<Progress> told = new ArrayList<>();
    assertThat(run(told::add).equal()).isTrue();
    assertThat(told.getFirst().done()).isEqualTo(1024);
  }

  /** The replay stops at the same part. */
  @Test
  void aViewThatIsWithinAnEventIsComparedThere() {
    append("a", 20);
    assertThat(
            fixture
                .registry()
                .holds()
                .place(
                    ALICE,
                    new NewHold(
                        UUID.randomUUID(),
                        new HoldScope(
                            RepositoryGlob.parse("**"), Optional.empty(), Optional.empty()),
                        false,
                        "a case")))
        .isInstanceOf(Outcome.Ok.class);
    ProjectionRunner runner = new ProjectionRunner(jdbi, READER, new Stopping());
    assertThatThrownBy(
            () -> {
              while (!runner.step().isEmpty()) {
                // until it stops
              }
            })
        .isInstanceOf(Killed.class);
    assertThat(runner.nextPosition()).isEqualTo(20);
    ManifestDocuments documents = new ManifestDocuments();
    Verification verification =
        new Verification(
            READER,
            new InlineProjections(documents).projections(),
            List.of(SmallParts.reachability(documents)),
            0);
    Verification.Report report = verification.run(jdbi);
    assertThat(report.results()).allMatch(Verification.Result::equal);
    assertThat(report.results().stream().filter(result -> result.table().equals("reach_held")))
        .extracting(Verification.Result::rows)
        .allMatch(rows -> rows > 0 && rows < 20);
  }

  /** The reachability view, until the third part of an event. */
  private static final class Stopping implements Projection {
    private final Projection view = SmallParts.reachability(new ManifestDocuments());
    private int parts;

    @Override
    public String name() {
      return view.name();
    }

    @Override
    public List<String> tables() {
      return view.tables();
    }

    @Override
    public void apply(Handle transaction, List<RecordedEvent> events) {
      view.apply(transaction, events);
    }

    @Override
    public boolean isWide(Event event) {
      return view.isWide(event);
    }

    @Override
    public Optional<String> applyPart(
        Handle transaction, RecordedEvent event, Optional<String> done) {
      if (++parts == 3) {
        throw new Killed();
      }
      return view.applyPart(transaction, event, done);
    }
  }
}
