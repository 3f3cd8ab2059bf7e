package dev.stele.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.database.Database;
import dev.stele.database.TestDatabase;
import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.Initiator;
import dev.stele.event.RecordedEvent;
import dev.stele.event.Somebody;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.InlineProjections;
import dev.stele.projection.ManifestDocuments;
import dev.stele.projection.Verification;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the lane makes of clocks that cannot be right, and what time the log has afterwards. */
class ClockTest {
  private static final Initiator SOMEBODY = Somebody.random();
  private static final Duration LONG = Duration.ofMinutes(10);

  private TestDatabase testDatabase;
  private Database database;
  private LogSignal signal;
  private AppendLane lane;
  private ClockWatch clock;

  /** How far the node's clock is ahead, and how much time its other clocks have missed. */
  private volatile Duration ahead = Duration.ZERO;

  private volatile Duration stopped = Duration.ZERO;
  private volatile Duration slept = Duration.ZERO;

  @BeforeEach
  void open() {
    testDatabase = TestDatabase.create();
    database = testDatabase.open();
    signal = new LogSignal(database::openDedicated);
    clock =
        new ClockWatch(
            ClockWatch.DEFAULT_TOLERANCE,
            () -> Instant.now().plus(ahead),
            () -> System.nanoTime() - stopped.plus(slept).toNanos(),
            () -> OptionalLong.of(System.nanoTime() / 1_000_000 - stopped.toMillis()));
    lane =
        new AppendLane(
            database::openDedicated,
            new EventCodec(),
            new InlineProjections(new ManifestDocuments()),
            clock,
            signal,
            new SimpleMeterRegistry());
  }

  @AfterEach
  void close() {
    lane.close();
    signal.close();
    database.close();
    testDatabase.close();
  }

  private record Create(String name) implements Command<Instant> {
    @Override
    public Initiator initiator() {
      return SOMEBODY;
    }

    @Override
    public Instant decide(Decision decision) {
      decision.append(new Event.RepositoryCreated(RepositoryName.parse(name)));
      return decision.now();
    }
  }

  private record Confirm() implements Command<Instant> {
    @Override
    public Initiator initiator() {
      return SOMEBODY;
    }

    @Override
    public Optional<Word> word() {
      return Optional.of(Word.CLOCK);
    }

    @Override
    public Instant decide(Decision decision) {
      decision.append(new Event.ClockConfirmed(decision.now()));
      return decision.now();
    }
  }

  private void assertRefused(String why) {
    assertThatThrownBy(() -> lane.submit(new Create("refused")))
        .isInstanceOf(LaneUnavailableException.class)
        .hasMessageContaining(why);
    assertThat(clock.doubt()).hasValueSatisfying(doubt -> assertThat(doubt).contains(why));
  }

  private void asOwner(String sql) throws Exception {
    try (Connection owner = testDatabase.connect();
        Statement statement = owner.createStatement()) {
      statement.execute("SET session_replication_role = replica");
      statement.execute(sql);
    }
  }

  /** As if all that was recorded so far had been under a clock that was ahead. */
  private void recordedInTheFuture() throws Exception {
    asOwner(
        """
        UPDATE event SET recorded_at = recorded_at + interval '2 years',
          leaf = convert_to(regexp_replace(convert_from(leaf, 'UTF8'), '"at":"[^"]*"',
            '"at":"' || to_char((recorded_at + interval '2 years') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"'),
            'UTF8')
        """);
  }

  @Test
  void nothingIsAppendedWhileTheDatabaseAndTheNodeDisagreeAndItEndsByItself() {
    lane.submit(new Create("before"));
    ahead = LONG;
    assertRefused("the clocks disagree");
    assertThatThrownBy(() -> lane.submit(new Confirm()))
        .as("one of them is surely wrong")
        .hasMessageContaining("the clocks disagree");
    ahead = LONG.negated();
    assertRefused("the clocks disagree");
    ahead = Duration.ofMinutes(1);
    lane.submit(new Create("after"));
    assertThat(clock.doubtAboutAges()).isEmpty();
  }

  @Test
  void nothingIsAppendedAfterALeapUntilItIsUndoneOrConfirmed() {
    lane.submit(new Create("before"));
    stopped = LONG;
    assertRefused("the clock leapt");
    stopped = Duration.ZERO;
    lane.submit(new Create("undone"));
    stopped = LONG.negated();
    assertRefused("the clock leapt");
    lane.submit(new Confirm());
    lane.submit(new Create("confirmed"));
  }

  @Test
  void aMachineThatSleptIsNoLeap() {
    lane.submit(new Create("before"));
    slept = LONG;
    lane.submit(new Create("after"));
  }

  @Test
  void theLogLeavesAFalseFutureOnceAnOperatorSaysSo() throws Exception {
    Instant start = lane.submit(new Create("a"));
    recordedInTheFuture();
    assertRefused("the last event was recorded at");
    Instant confirmed = lane.submit(new Confirm());
    assertThat(confirmed).isBetween(start, Instant.now());
    Instant b = lane.submit(new Create("b"));
    Instant c = lane.submit(new Create("c"));
    assertThat(b).isBetween(confirmed, Instant.now());
    assertThat(c).isBetween(b, Instant.now());

    LogReader reader = new LogReader(new EventCodec());
    database
        .jdbi()
        .useHandle(
            handle -> {
              assertThat(placed(handle, c)).isEqualTo(3);
              assertThat(placed(handle, b)).isEqualTo(2);
              assertThat(placed(handle, confirmed)).isEqualTo(1);
              assertThat(placed(handle, confirmed.minusNanos(1000)))
                  .as("what is said to have been in the future had not happened")
                  .isEqualTo(-1);
              List<RecordedEvent> events = reader.events(handle, 0, 10);
              assertThat(events.get(1).event()).isEqualTo(new Event.ClockConfirmed(confirmed));
              assertThat(events).allMatch(event -> event.clock().isBefore(Instant.now()));
              assertThat(LogReader.asOf(handle, new Moment.AtInstant(Instant.now().plus(LONG))))
                  .isInstanceOf(LogReader.Placed.NotYet.class);
            });
    assertThat(new Verification(reader).run(database.jdbi()).results())
        .contains(new Verification.Result("clock", "clock_confirmation", 1, 0, 0));
  }

  private static long placed(org.jdbi.v3.core.Handle handle, Instant instant) {
    return ((LogReader.Placed.Known) LogReader.asOf(handle, new Moment.AtInstant(instant)))
        .asOf()
        .position();
  }

  @Test
  void agesAreInDoubtAfterALongTimeThatNobodySaw() throws Exception {
    lane.submit(new Create("before"));
    assertThat(database.jdbi().withHandle(clock::look)).isEmpty();
    asOwner("UPDATE clock_watch SET seen_at = seen_at - interval '8 days'");
    assertThat(database.jdbi().withHandle(clock::look)).isPresent();
    lane.submit(new Create("appending-goes-on"));
    assertThat(database.jdbi().withHandle(clock::look)).as("still").isPresent();
    lane.submit(new Confirm());
    assertThat(database.jdbi().withHandle(clock::look)).isEmpty();
  }

  @Test
  void whatIsToldOfAnInstantStaysTrueThoughSomebodyWasAppending() throws Exception {
    lane.submit(new Create("a"));
    try (Connection appending = testDatabase.connect();
        Statement statement = appending.createStatement()) {
      appending.setAutoCommit(false);
      statement.execute("SELECT lock_log()");
      Instant inFlight = Instant.now();
      Thread.sleep(2);
      database
          .jdbi()
          .useHandle(
              handle -> {
                assertThat(LogReader.asOf(handle, new Moment.AtInstant(inFlight)))
                    .isInstanceOf(LogReader.Placed.Unsettled.class);
                assertThat(LogReader.asOf(handle, new Moment.AtInstant(Instant.EPOCH)))
                    .as("long ago")
                    .isInstanceOf(LogReader.Placed.Known.class);
              });
      appending.rollback();
      database.jdbi().useHandle(handle -> assertThat(placed(handle, inFlight)).isZero());
    }
  }
}
