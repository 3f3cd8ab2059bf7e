package dev.stele.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.database.Database;
import dev.stele.database.EmbeddedPostgres;
import dev.stele.database.TestDatabase;
import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.Initiator;
import dev.stele.event.RecordedEvent;
import dev.stele.event.Somebody;
import dev.stele.oci.RepositoryName;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The lane with a real database: order, batching, poison, and connections that break at the worst
 * moment.
 */
class AppendLaneTest {
  private static final Initiator SOMEBODY = Somebody.random();

  /** What happens to the next commit of the lane's connection. */
  private enum Fault {
    NONE,
    BREAK_BEFORE_COMMIT,
    BREAK_AFTER_COMMIT
  }

  @TempDir private Path folder;
  private TestDatabase testDatabase;
  private Database database;
  private LogSignal signal;
  private AppendLane lane;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final AtomicReference<Fault> fault = new AtomicReference<>(Fault.NONE);

  @BeforeEach
  void open() {
    testDatabase = TestDatabase.create();
    database = testDatabase.open();
    signal = new LogSignal(database::openDedicated);
    lane = lane(() -> breaking(database.openDedicated()), meters);
  }

  private AppendLane lane(ConnectionSource source, MeterRegistry meters) {
    return new AppendLane(source, new EventCodec(), (_, _) -> {}, clock(), signal, meters);
  }

  private static ClockWatch clock() {
    return new ClockWatch(ClockWatch.DEFAULT_TOLERANCE);
  }

  @AfterEach
  void close() {
    lane.close();
    signal.close();
    database.close();
    testDatabase.close();
  }

  private Connection breaking(Connection real) {
    return (Connection)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {Connection.class},
            (_, method, arguments) -> {
              Fault now =
                  method.getName().equals("commit") ? fault.getAndSet(Fault.NONE) : Fault.NONE;
              if (now == Fault.BREAK_BEFORE_COMMIT) {
                real.close();
                throw new SQLException("broken by the test", "08006");
              }
              try {
                Object result = method.invoke(real, arguments);
                if (now == Fault.BREAK_AFTER_COMMIT) {
                  real.close();
                  throw new SQLException("broken by the test", "08006");
                }
                return result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  /** As after a process ran out of memory: classes are missing, and nobody can tell where. */
  @Test
  void anErrorEndsNeitherTheLaneNorAnybodysWait() {
    AtomicInteger errors = new AtomicInteger(3);
    try (AppendLane struck =
        lane(
            () -> {
              if (errors.getAndDecrement() > 0) {
                throw new NoClassDefFoundError("struck by the test");
              }
              return database.openDedicated();
            },
            new SimpleMeterRegistry())) {
      assertThatThrownBy(
              () -> {
                while (errors.get() > 0) {
                  Long _ = struck.submit(new Create("a/b"));
                }
              })
          .hasRootCauseInstanceOf(NoClassDefFoundError.class);
      errors.set(0);
      assertThat(struck.submit(new Create("a/c"))).isNotNull();
      assertThat(struck.isAlive()).isTrue();
      assertThat(struck.alarm()).isEmpty();
    }
  }

  private final AtomicInteger slowDecisions = new AtomicInteger();

  private final class Create implements Command<Long> {
    private final String name;

    private Create(String name) {
      this.name = name;
    }

    @Override
    public long weight() {
      return name.startsWith("heavy") ? 5 << 20 : 0;
    }

    @Override
    public Initiator initiator() {
      return SOMEBODY;
    }

    @Override
    public Long decide(Decision decision) {
      if (name.startsWith("count")) {
        decision.append(new Event.RepositoryCreated(RepositoryName.parse(name)));
        return decision.handle().createQuery("SELECT count(*) FROM event").mapTo(Long.class).one();
      }
      if (name.startsWith("poison")) {
        decision.handle().execute("SELECT 1 / 0");
      }
      if (name.startsWith("behind")) {
        throw new LaneUnavailableException("a view is behind");
      }
      if (name.startsWith("slow")) {
        slowDecisions.incrementAndGet();
        decision.handle().execute("SET LOCAL statement_timeout = 50; SELECT pg_sleep(10)");
      }
      if (name.startsWith("error")) {
        decision.handle().execute("INSERT INTO repository VALUES ('left over', 0, now())");
        throw new AssertionError("by the test");
      }
      if (name.startsWith("standby")) {
        decision.handle().execute("SET TRANSACTION READ ONLY");
      }
      decision.append(new Event.RepositoryCreated(RepositoryName.parse(name)));
      return 1L;
    }
  }

  private List<RecordedEvent> log() {
    List<RecordedEvent> events = new ArrayList<>();
    // Not from the pool, whose sessions a test may have ended.
    Jdbi.create(testDatabase::connect)
        .useHandle(handle -> new LogReader(new EventCodec()).replay(handle, 0, events::addAll));
    return events;
  }

  private List<String> names() {
    return log().stream().map(event -> event.event().place().orElseThrow().value()).toList();
  }

  /**
   * Holds the head, so that the first waits for it and the others queue up behind, then lets go.
   */
  private List<Future<Long>> submitTogether(ExecutorService threads, List<String> names)
      throws Exception {
    List<Future<Long>> futures = new ArrayList<>();
    try (Connection blocker = testDatabase.connect()) {
      blocker.setAutoCommit(false);
      try (var statement = blocker.createStatement()) {
        statement.execute("SELECT lock_log()");
      }
      for (String name : names) {
        Callable<Long> submission = () -> lane.submit(new Create(name));
        futures.add(threads.submit(submission));
        if (futures.size() == 1) {
          awaitWaitingLane();
        }
        Thread.sleep(5);
      }
      blocker.rollback();
    }
    return futures;
  }

  @Test
  void positionsAreDenseAndTimesMonotoneUnderManyWritersOnSeveralNodes() throws Exception {
    int writers = 32;
    int each = 25;
    try (AppendLane secondNode = lane(database::openDedicated, new SimpleMeterRegistry());
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      CountDownLatch start = new CountDownLatch(1);
      List<Future<Void>> futures = new ArrayList<>();
      for (int w = 0; w < writers; w++) {
        String prefix = "w" + w + "/n";
        AppendLane node = w % 2 == 0 ? lane : secondNode;
        futures.add(
            threads.submit(
                () -> {
                  start.await();
                  for (int n = 0; n < each; n++) {
                    node.submit(new Create(prefix + n));
                  }
                  return null;
                }));
      }
      start.countDown();
      for (Future<Void> future : futures) {
        future.get();
      }
    }
    List<RecordedEvent> log = log();
    assertThat(log).hasSize(writers * each);
    for (int i = 0; i < log.size(); i++) {
      assertThat(log.get(i).position()).isEqualTo(i);
      if (i > 0) {
        assertThat(log.get(i).recordedAt()).isAfterOrEqualTo(log.get(i - 1).recordedAt());
      }
    }
    // What one writer submitted one after the other stands in that order.
    for (int w = 0; w < writers; w++) {
      String prefix = "w" + w + "/n";
      List<String> own = names().stream().filter(name -> name.startsWith(prefix)).toList();
      for (int n = 0; n < each; n++) {
        assertThat(own.get(n)).isEqualTo(prefix + n);
      }
    }
  }

  @Test
  void whatQueuesUpSharesOneTransaction() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<String> names = new ArrayList<>();
      for (int n = 0; n < 50; n++) {
        names.add("n" + n);
      }
      for (Future<Long> future : submitTogether(threads, names)) {
        assertThat(future.get()).isEqualTo(1);
      }
    }
    assertThat(meters.get("stele.lane.batch.commands").summary().max()).isEqualTo(49);
    assertThat(meters.get("stele.lane.batch.commands").summary().count()).isEqualTo(2);
    assertThat(names()).hasSize(50);
  }

  /** Also those before it in its own transaction, whose events are inserted at once in the end. */
  @Test
  void whoLooksIntoTheLogSeesTheCommandsBeforeIt() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Long>> futures =
          submitTogether(threads, List.of("first", "a", "count", "b", "count-again", "c"));
      assertThat(futures.get(2).get()).isEqualTo(2);
      assertThat(futures.get(4).get()).isEqualTo(4);
    }
    assertThat(names()).containsExactly("first", "a", "count", "b", "count-again", "c");
  }

  @Test
  void onePoisonCommandFailsAlone() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Long>> futures =
          submitTogether(threads, List.of("first", "a", "b", "poison", "c", "d"));
      for (int i = 0; i < futures.size(); i++) {
        Future<Long> future = futures.get(i);
        if (i == 3) {
          assertThatThrownBy(future::get).hasRootCauseMessage("ERROR: division by zero");
        } else {
          assertThat(future.get()).isEqualTo(1);
        }
      }
    }
    assertThat(names()).containsExactly("first", "a", "b", "c", "d");
    assertThat(log()).extracting(RecordedEvent::position).containsExactly(0L, 1L, 2L, 3L, 4L);
  }

  /** And at no cost to the others: that a command cannot be decided now is no failure. */
  @Test
  void aCommandThatCannotBeDecidedNowIsRefusedAlone() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Long>> futures =
          submitTogether(threads, List.of("first", "a", "behind", "b", "behind-too", "c"));
      for (int i = 0; i < futures.size(); i++) {
        Future<Long> future = futures.get(i);
        if (i == 2 || i == 4) {
          assertThatThrownBy(future::get)
              .hasCauseInstanceOf(LaneUnavailableException.class)
              .hasMessageContaining("a view is behind");
        } else {
          assertThat(future.get()).isEqualTo(1);
        }
      }
    }
    assertThat(names()).containsExactly("first", "a", "b", "c");
    assertThat(meters.get("stele.lane.batch.commands").summary().count())
        .as("nothing was decided again")
        .isEqualTo(2);
  }

  @Test
  void aSlowCommandFailsAloneAndAtOnce() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Long>> futures =
          submitTogether(threads, List.of("first", "a", "slow", "b", "slow-too", "c"));
      for (int i = 0; i < futures.size(); i++) {
        Future<Long> future = futures.get(i);
        if (i == 2 || i == 4) {
          assertThatThrownBy(future::get)
              .hasCauseInstanceOf(LaneUnavailableException.class)
              .hasMessageContaining("took longer than the database gives a statement");
        } else {
          assertThat(future.get()).isEqualTo(1);
        }
      }
    }
    assertThat(names()).containsExactly("first", "a", "b", "c");
    assertThat(slowDecisions).as("none is tried again").hasValue(2);
  }

  @Test
  void whatWaitsIsBoundedInBytes() throws Exception {
    Throwable thrown = null;
    try (AppendLane small =
            new AppendLane(
                database::openDedicated,
                new EventCodec(),
                (_, _) -> {},
                clock(),
                signal,
                new SimpleMeterRegistry(),
                10 << 20);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Long>> queued = new ArrayList<>();
      try (Connection blocker = testDatabase.connect()) {
        blocker.setAutoCommit(false);
        try (var statement = blocker.createStatement()) {
          statement.execute("SELECT lock_log()");
        }
        for (String name : List.of("heavy0", "heavy1")) {
          queued.add(threads.submit(() -> small.submit(new Create(name))));
        }
        awaitWaitingLane();
        while (thrown == null) {
          // Refused as soon as both of the others have been let in.
          Future<Long> third = threads.submit(() -> small.submit(new Create("heavy2")));
          try {
            third.get(100, TimeUnit.MILLISECONDS);
          } catch (ExecutionException e) {
            thrown = e.getCause();
          } catch (TimeoutException e) {
            queued.add(third);
          }
        }
        assertThat(thrown)
            .isInstanceOf(LaneUnavailableException.class)
            .hasMessageContaining("full");
        queued.add(threads.submit(() -> small.submit(new Create("light"))));
        blocker.rollback();
      }
      for (Future<Long> each : queued) {
        assertThat(each.get()).isEqualTo(1);
      }
      assertThat(queued).hasSize(3);
      assertThat(small.submit(new Create("heavy3"))).as("there is room again").isEqualTo(1);
    }
  }

  /** The session that waits for a standby is ended, and what it wrote is there all the same. */
  @ParameterizedTest
  @ValueSource(strings = {"pg_terminate_backend", "pg_cancel_backend"})
  void nothingIsAcknowledgedThatASynchronousStandbyMayNotHave(String howTheWaitEnds)
      throws Exception {
    // Standbys are a setting of the whole server.
    try (EmbeddedPostgres server = TestDatabase.startServer(folder.resolve("postgresql"));
        Database replicated =
            Database.open(
                new Database.Settings(server.jdbcUrl(), server.user(), server.password(), 4),
                new SimpleMeterRegistry());
        Connection owner =
            DriverManager.getConnection(server.jdbcUrl(), server.user(), server.password());
        AppendLane appending =
            new AppendLane(
                replicated::openDedicated,
                new EventCodec(),
                (_, _) -> {},
                clock(),
                signal,
                new SimpleMeterRegistry());
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      appending.submit(new Create("before"));
      execute(owner, "ALTER SYSTEM SET synchronous_standby_names = 'away'");
      execute(owner, "SELECT pg_reload_conf()");
      // The server takes a moment to know that there is a standby to wait for.
      Future<Long> answer;
      OptionalInt waiting;
      int submitted = 1;
      do {
        String name = "perhaps-lost" + submitted++;
        answer = threads.submit(() -> appending.submit(new Create(name)));
        waiting = awaitWaitingForStandby(owner, 0, answer);
      } while (waiting.isEmpty());
      int first = waiting.getAsInt();
      assertThat(appending.alarm()).isEmpty();
      while (appending.alarm().isEmpty()) {
        Thread.sleep(100);
      }
      assertThat(appending.alarm().orElseThrow()).contains("synchronous_standby_names");
      execute(owner, "SELECT %s(%d)".formatted(howTheWaitEnds, first));
      // Whoever looks finds the event now.
      assertThat(awaitWaitingForStandby(owner, first, answer)).as("who looks").isPresent();
      assertThat(answer.isDone()).as("acknowledged").isFalse();
      execute(owner, "ALTER SYSTEM RESET synchronous_standby_names");
      execute(owner, "SELECT pg_reload_conf()");
      assertThat(answer.get()).isEqualTo(1);
      assertThat(appending.alarm()).isEmpty();
      assertThat(replicated.jdbi().withHandle(LogReader::nextPosition)).isEqualTo(submitted);
    }
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /**
   * The session that waits for a standby, once there is another than that one; none if answered.
   */
  private static OptionalInt awaitWaitingForStandby(
      Connection owner, int otherThan, Future<Long> answer) throws Exception {
    while (!answer.isDone()) {
      try (var statement = owner.createStatement();
          var rows =
              statement.executeQuery(
                  "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND pid <> "
                      + otherThan)) {
        if (rows.next()) {
          return OptionalInt.of(rows.getInt(1));
        }
      }
      Thread.sleep(10);
    }
    return OptionalInt.empty();
  }

  @Test
  void aCommitWhoseAnswerWasLostIsNotAppendedTwice() {
    lane.submit(new Create("before"));
    fault.set(Fault.BREAK_AFTER_COMMIT);
    assertThat(lane.submit(new Create("once"))).isEqualTo(1);
    lane.submit(new Create("after"));
    assertThat(names()).containsExactly("before", "once", "after");
  }

  @Test
  void aCommitThatNeverHappenedIsTriedAgain() {
    lane.submit(new Create("before"));
    fault.set(Fault.BREAK_BEFORE_COMMIT);
    assertThat(lane.submit(new Create("once"))).isEqualTo(1);
    lane.submit(new Create("after"));
    assertThat(names()).containsExactly("before", "once", "after");
  }

  @Test
  void aSessionThatTheServerEndsCostsNoMoreThanTheCommandsInFlight() throws Exception {
    lane.submit(new Create("before"));
    try (Connection admin = testDatabase.connect();
        var statement = admin.createStatement()) {
      statement.execute(
          """
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()\
          """);
    }
    try {
      lane.submit(new Create("perhaps"));
    } catch (LaneUnavailableException e) {
      assertThat(e).hasMessageContaining("the database is away");
    }
    lane.submit(new Create("after"));
    assertThat(names()).startsWith("before").endsWith("after");
    assertThat(log())
        .last()
        .extracting(RecordedEvent::position)
        .isEqualTo((long) names().size() - 1);
  }

  @Test
  void aClosedLaneRefusesAndAFollowerIsWoken() throws Exception {
    assertThat(signal.await(0, Duration.ofMillis(1))).isFalse();
    lane.submit(new Create("x"));
    assertThat(signal.await(0, Duration.ofSeconds(5))).isTrue();
    lane.close();
    assertThatThrownBy(() -> lane.submit(new Create("y")))
        .isInstanceOf(LaneUnavailableException.class);
    assertThat(names()).containsExactly("x");
  }

  @Test
  void aFollowerOnAnotherNodeIsWokenByNotify() throws Exception {
    try (LogSignal other = new LogSignal(database::openDedicated)) {
      // The other node's listener needs a moment to connect; what it missed it hears of with the
      // next event.
      boolean woken = false;
      for (int n = 0; n < 50 && !woken; n++) {
        lane.submit(new Create("n" + n));
        woken = other.await(0, Duration.ofMillis(200));
      }
      assertThat(woken).isTrue();
    }
  }

  @Test
  void anErrorLeavesNothingForTheNextTransactionToCommit() {
    assertThatThrownBy(() -> lane.submit(new Create("error"))).hasRootCauseMessage("by the test");
    lane.submit(new Create("after"));
    assertThat(names()).containsExactly("after");
    long leftOver =
        Jdbi.create(testDatabase::connect)
            .withHandle(
                handle ->
                    handle.createQuery("SELECT count(*) FROM repository").mapTo(Long.class).one());
    assertThat(leftOver).isZero();
  }

  @Test
  void aServerThatCannotWriteIsAnOutageAndNotTheCommandsFault() {
    assertThatThrownBy(() -> lane.submit(new Create("standby")))
        .isInstanceOf(LaneUnavailableException.class)
        .rootCause()
        .hasMessageContaining("read-only transaction");
    lane.submit(new Create("after"));
    assertThat(names()).containsExactly("after");
  }

  @Test
  void whoIsInterruptedIsNotToldThatNothingHappened() throws Exception {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread caller;
    try (Connection blocker = testDatabase.connect()) {
      blocker.setAutoCommit(false);
      try (var statement = blocker.createStatement()) {
        statement.execute("SELECT lock_log()");
      }
      caller =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      lane.submit(new Create("taken"));
                    } catch (RuntimeException e) {
                      thrown.set(e);
                    }
                  });
      awaitWaitingLane();
      caller.interrupt();
      caller.join();
      blocker.rollback();
    }
    assertThat(thrown.get()).isInstanceOf(LaneUnavailableException.UnknownOutcomeException.class);
    lane.submit(new Create("after"));
    assertThat(names()).containsExactly("taken", "after");
  }

  /** Until the lane has taken a command and waits for the head. */
  private void awaitWaitingLane() throws InterruptedException {
    Jdbi owner = Jdbi.create(testDatabase::connect);
    while (owner.withHandle(
            handle ->
                handle
                    .createQuery(
                        """
                        SELECT count(*) FROM pg_stat_activity
                        WHERE datname = current_database() AND wait_event_type = 'Lock'
                        """)
                    .mapTo(Long.class)
                    .one())
        == 0) {
      Thread.sleep(5);
    }
  }

  @Test
  void aFullLaneRefusesWhatHasNoRoomAndKeepsTheRest() throws Exception {
    int room = AppendLane.QUEUE_CAPACITY;
    List<Future<Long>> queued = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Connection blocker = testDatabase.connect()) {
      blocker.setAutoCommit(false);
      try (var statement = blocker.createStatement()) {
        statement.execute("SELECT lock_log()");
      }
      queued.add(threads.submit(() -> lane.submit(new Create("first"))));
      awaitWaitingLane();
      for (int n = 0; n < room; n++) {
        String name = "n" + n;
        queued.add(threads.submit(() -> lane.submit(new Create(name))));
      }
      while (meters.get("stele.lane.queue").gauge().value() < room) {
        Thread.sleep(5);
      }
      assertThatThrownBy(() -> lane.submit(new Create("no-room")))
          .isInstanceOf(LaneUnavailableException.class)
          .hasMessageContaining("full");
      blocker.rollback();
      for (Future<Long> each : queued) {
        assertThat(each.get()).isEqualTo(1);
      }
    }
    assertThat(names()).hasSize(room + 1).doesNotContain("no-room");
  }

  @Test
  void theLogGoesOnInTheNextPartition() throws Exception {
    long first = 9_999_998;
    RecordedEvent before =
        Somebody.did(
            SOMEBODY,
            new Event.RepositoryCreated(RepositoryName.parse("before")),
            Cause.CLIENT_REQUEST,
            first - 1,
            Instant.parse("2026-03-03T14:05:00Z"),
            UUID.randomUUID());
    try (Connection owner = testDatabase.connect();
        var insert =
            owner.prepareStatement(
                """
                INSERT INTO event (position, recorded_at, type, repository, actor_id, command_id, leaf)
                VALUES (?, '2026-03-03T14:05:00Z', 'RepositoryCreated', 'before', ?, ?, ?)
                """)) {
      insert.setLong(1, before.position());
      insert.setObject(2, before.actor().value());
      insert.setObject(3, before.commandId());
      insert.setBytes(4, new EventCodec().encode(before));
      insert.execute();
    }
    for (int n = 0; n < 4; n++) {
      lane.submit(new Create("n" + n));
    }
    assertThat(names()).containsExactly("before", "n0", "n1", "n2", "n3");
    assertThat(log())
        .extracting(RecordedEvent::position)
        .containsExactly(first - 1, first, first + 1, first + 2, first + 3);
    long partitions =
        Jdbi.create(testDatabase::connect)
            .withHandle(
                handle ->
                    handle
                        .createQuery("SELECT count(DISTINCT tableoid) FROM event")
                        .mapTo(Long.class)
                        .one());
    assertThat(partitions).isEqualTo(2);
  }

  /** As a node does that was stopped in the middle of a collection, and goes on later. */
  @Test
  @Timeout(60)
  void whatALeaderPlannedIsRefusedOnceAnotherLeads() throws Exception {
    try (Leadership leadership = new Leadership(database::openDedicated)) {
      assertThat(leadership.lead(() -> lane.submit(new Create("nobody/leads")))).isEmpty();
      leadership.begin();
      Optional<Long> done = Optional.empty();
      while (done.isEmpty()) {
        done = leadership.lead(() -> lane.submit(new Create("leader/does")));
      }
      assertThatThrownBy(
              () ->
                  leadership.lead(
                      () -> {
                        // Another has taken over, and its time is over, too.
                        database
                            .jdbi()
                            .useHandle(
                                handle ->
                                    handle.execute(
                                        "UPDATE leader SET term = term + 1, node ="
                                            + " gen_random_uuid(), expires_at = '-infinity'"));
                        return lane.submit(new Create("leader/goes-on"));
                      }))
          .isInstanceOf(LaneUnavailableException.class)
          .hasMessageContaining("another node's to do");
    }
    // What clients ask for has no term.
    assertThat(lane.submit(new Create("client/asks"))).isNotNull();
    assertThat(database.jdbi().withHandle(LogReader::nextPosition)).isEqualTo(2);
  }

  /** How many pages are looked at to learn where the log ends. */
  private int pagesOfHead() {
    String plan =
        database
            .jdbi()
            .withHandle(
                handle ->
                    handle
                        .createQuery("EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM log_head")
                        .mapTo(String.class)
                        .collect(Collectors.joining("\n")));
    Matcher hit = Pattern.compile("Buffers: shared hit=([0-9]+)").matcher(plan);
    assertThat(hit.find()).as(plan).isTrue();
    return Integer.parseInt(hit.group(1));
  }

  /** As a dump does that goes on for hours: what it may still see cannot be cleared away. */
  @Test
  @Timeout(60)
  void aLongSnapshotDoesNotMakeAppendsLookAtMore() throws Exception {
    assertThat(lane.submit(new Create("before/all"))).isNotNull();
    try (Connection dump = database.openDedicated()) {
      dump.setAutoCommit(false);
      dump.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      try (var statement = dump.createStatement()) {
        statement.execute("SET idle_in_transaction_session_timeout = 0");
        statement.execute("SELECT count(*) FROM event");
      }
      int before = pagesOfHead();
      for (int n = 0; n < 500; n++) {
        assertThat(lane.submit(new Create("during/n" + n))).isNotNull();
      }
      assertThat(pagesOfHead()).isLessThanOrEqualTo(before + 3);
      dump.rollback();
    }
  }
}
