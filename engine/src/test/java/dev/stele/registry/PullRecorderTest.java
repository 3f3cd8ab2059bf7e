package dev.stele.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import dev.stele.blob.BlobStores;
import dev.stele.blob.DiskBlobStore;
import dev.stele.database.TestDatabase;
import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import dev.stele.history.ActorPulls;
import dev.stele.history.Exposure;
import dev.stele.log.AppendLane;
import dev.stele.log.ClockWatch;
import dev.stele.log.LogReader;
import dev.stele.log.LogSignal;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.ProjectionRunner;
import dev.stele.projection.PullView;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PullRecorderTest {
  private static final RepositoryName REPOSITORY = RepositoryName.parse("a");
  private static final Digest DIGEST = Digest.of(Digest.Algorithm.SHA256, new byte[] {1});
  private static final Optional<Tag> TAG = Optional.of(Tag.parse("t"));
  private static final Caller ALICE = new Caller("alice", "request-1");
  private static final Caller BOB = new Caller("bob", "request-2");

  @TempDir private Path folder;

  private RegistryFixture open(PullRecording recording) throws Exception {
    return RegistryFixture.onDisk(folder, RegistryOptions.DEFAULT.withPulls(recording));
  }

  private static List<RecordedEvent> events(RegistryFixture fixture) {
    LogReader reader = new LogReader(new EventCodec());
    return fixture.database().jdbi().withHandle(handle -> reader.events(handle, 0, 1000));
  }

  /** While the head is locked, the recorder's thread is recording, and one more is counted. */
  @Test
  void whatIsCountedBetweenTheLastRecordingAndTheCloseIsRecorded() throws Exception {
    try (RegistryFixture fixture = open(PullRecording.MINUTE);
        Connection other = fixture.testDatabase().connect();
        Statement statement = other.createStatement()) {
      Registry registry = fixture.registry();
      other.setAutoCommit(false);
      statement.execute("SELECT pg_advisory_xact_lock(hashtextextended('stele.log', 0))");
      for (int n = 0; n <= PullRecorder.MOST_KEYS / 2 + 1; n++) {
        registry.pulls().recordManifest(ALICE, REPOSITORY, DIGEST, Optional.of(Tag.parse("t" + n)));
      }
      boolean recording = false;
      while (!recording) {
        Thread.sleep(10);
        try (ResultSet row =
            statement.executeQuery(
                """
                SELECT count(*) > 0 FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'
                """)) {
          recording = row.next() && row.getBoolean(1);
        }
      }
      registry.pulls().recordManifest(BOB, REPOSITORY, DIGEST, TAG);
      Thread closing = Thread.ofPlatform().start(fixture.engine()::close);
      Thread.sleep(200);
      other.rollback();
      closing.join();
      LogReader reader = new LogReader(new EventCodec());
      assertThat(
              fixture
                  .database()
                  .jdbi()
                  .withHandle(handle -> reader.events(handle, 0, PullRecorder.MOST_KEYS))
                  .stream()
                  .map(event -> ((Event.PullsObserved) event.event()).tag()))
          .contains(TAG);
    }
  }

  @Test
  void pullsOfAMinuteAreCountedByActorDigestAndTagAndRecordedOnClose() throws Exception {
    try (RegistryFixture fixture = open(PullRecording.MINUTE)) {
      Instant before = EventCodec.truncate(Instant.now());
      Registry registry = fixture.registry();
      registry.pulls().recordManifest(ALICE, REPOSITORY, DIGEST, TAG);
      registry.pulls().recordManifest(ALICE, REPOSITORY, DIGEST, TAG);
      registry.pulls().recordManifest(ALICE, REPOSITORY, DIGEST, Optional.empty());
      registry.pulls().recordManifest(BOB, REPOSITORY, DIGEST, TAG);
      assertThat(events(fixture)).isEmpty();
      fixture.engine().close();
      List<RecordedEvent> events = events(fixture);
      assertThat(events)
          .hasSize(3)
          .allSatisfy(e -> assertThat(e.cause()).isEqualTo(Cause.OBSERVATION));
      assertThat(events.stream().map(RecordedEvent::actor).distinct()).hasSize(2);
      assertThat(events)
          .extracting(RecordedEvent::event)
          .filteredOn(event -> ((Event.PullsObserved) event).count() == 2)
          .singleElement()
          .isInstanceOfSatisfying(
              Event.PullsObserved.class,
              pulls -> {
                assertThat(pulls.tag()).isEqualTo(TAG);
                assertThat(pulls.first()).isBetween(before, pulls.last());
                assertThat(pulls.last()).isBeforeOrEqualTo(events.getFirst().recordedAt());
              });
    }
  }

  @Test
  void everyPullIsRecordedBeforeItIsAnswered() throws Exception {
    try (RegistryFixture fixture = open(PullRecording.EVERY)) {
      fixture.registry().pulls().recordManifest(ALICE, REPOSITORY, DIGEST, TAG);
      assertThat(events(fixture))
          .singleElement()
          .satisfies(
              event -> {
                assertThat(event.requestId()).isEqualTo("request-1");
                assertThat(((Event.PullsObserved) event.event()).count()).isEqualTo(1);
              });
      fixture.engine().close();
      assertThatExceptionOfType(RegistryUnavailableException.class)
          .isThrownBy(
              () -> fixture.registry().pulls().recordManifest(ALICE, REPOSITORY, DIGEST, TAG));
    }
  }

  /** Alice pulls an image, Bob only looks at it, Carol had all of it long before. */
  @Test
  void whoPulledAnImageAskedForItsBlobsAndWhoLookedAtItDidNot() throws Exception {
    Caller carol = new Caller("carol", "request-3");
    try (TestDatabase testDatabase = TestDatabase.create()) {
      BlobStores stores = new BlobStores(new DiskBlobStore(folder));
      RegistryOptions options = RegistryOptions.DEFAULT.withPulls(PullRecording.EVERY);
      try (RegistryFixture fixture = new RegistryFixture(testDatabase, stores, options)) {
        Registry registry = fixture.registry();
        registry.pulls().recordBlob(carol, REPOSITORY);
        Thread.sleep(2);
        for (Caller caller : List.of(ALICE, BOB, carol)) {
          registry.pulls().recordManifest(caller, REPOSITORY, DIGEST, TAG);
        }
        registry.pulls().recordBlob(ALICE, REPOSITORY);
        registry.pulls().recordBlob(ALICE, REPOSITORY);
        registry.pulls().recordBlob(BOB, RepositoryName.parse("another"));
        assertThat(events(fixture)).hasSize(3);
      }
      try (RegistryFixture fixture = new RegistryFixture(testDatabase, stores, options)) {
        assertThat(events(fixture).stream().map(RecordedEvent::event))
            .hasSize(6)
            .filteredOn(event -> event instanceof Event.BlobPullsObserved)
            .extracting(event -> ((Event.BlobPullsObserved) event).count())
            .containsExactlyInAnyOrder(1L, 2L, 1L);
        Exposure exposure = new Exposure(fixture.registry());
        exposure.now();
        List<ActorPulls> pulls = exposure.pulls(DIGEST, Optional.empty(), 10).items();
        assertThat(pulls)
            .extracting(pulled -> pulled.actor().orElseThrow(), p -> p.lastBlob().isPresent())
            .containsExactlyInAnyOrder(
                tuple("alice", true), tuple("bob", false), tuple("carol", false));
        assertThat(pulls.stream().flatMap(pulled -> pulled.lastBlob().stream()))
            .singleElement(InstanceOfAssertFactories.INSTANT)
            .isAfterOrEqualTo(pulls.getFirst().first());
        assertThat(fixture.registry().upkeep().verifyProjections().equal()).isTrue();
      }
    }
  }

  @Test
  void switchedOffNothingIsRecorded() throws Exception {
    try (RegistryFixture fixture = open(PullRecording.OFF)) {
      fixture.registry().pulls().recordManifest(ALICE, REPOSITORY, DIGEST, TAG);
      fixture.registry().pulls().recordBlob(ALICE, REPOSITORY);
      fixture.engine().close();
      assertThat(events(fixture)).isEmpty();
    }
  }

  @Test
  void whatCannotBeRecordedIsKeptAndRecordedLater() throws Exception {
    try (RegistryFixture fixture = open(PullRecording.OFF)) {
      AtomicBoolean away = new AtomicBoolean(true);
      try (LogSignal signal = new LogSignal(fixture.database()::openDedicated);
          AppendLane lane =
              new AppendLane(
                  () -> {
                    if (away.get()) {
                      throw new SQLException("away", "08001");
                    }
                    return fixture.database().openDedicated();
                  },
                  new EventCodec(),
                  (_, _) -> {},
                  new ClockWatch(ClockWatch.DEFAULT_TOLERANCE),
                  signal,
                  fixture.meters())) {
        PullRecorder recorder =
            new PullRecorder(
                PullRecording.MINUTE,
                new Actors(fixture.database().jdbi()),
                lane,
                fixture.meters());
        recorder.recordManifest(ALICE, REPOSITORY, DIGEST, TAG);
        recorder.flush();
        recorder.recordManifest(ALICE, REPOSITORY, DIGEST, TAG);
        assertThat(events(fixture)).isEmpty();
        away.set(false);
        recorder.close();
        assertThat(fixture.meters().counter("stele.pulls.lost").count()).isZero();
      }
      assertThat(events(fixture))
          .singleElement()
          .satisfies(
              event -> assertThat(((Event.PullsObserved) event.event()).count()).isEqualTo(2));
    }
  }

  @Test
  void memoryIsBoundedAndWhatHasNoRoomIsRefused() {
    ObservationCounts counts = new ObservationCounts(PullRecorder.MOST_KEYS);
    Instant now = Instant.EPOCH;
    IntStream.range(0, PullRecorder.MOST_KEYS)
        .forEach(i -> assertThat(counts.add(by("user" + i), pull(now, 1))).isTrue());
    assertThat(counts.filling()).isTrue();
    assertThat(counts.add(by("one more"), pull(now, 1))).isFalse();
    assertThat(counts.add(by("user0"), pull(now.plusSeconds(1), 2))).isTrue();
    assertThat(counts.take())
        .hasSize(PullRecorder.MOST_KEYS)
        .containsEntry(
            by("user0"),
            List.of(new Event.PullsObserved(REPOSITORY, DIGEST, TAG, 3, now, now.plusSeconds(1))));
    assertThat(counts.add(by("one more"), pull(now, 1))).isTrue();
  }

  private static Event.PullsObserved pull(Instant at, long count) {
    return new Event.PullsObserved(REPOSITORY, DIGEST, TAG, count, at, at);
  }

  @Test
  void theViewCountsByTagAndByDigestAndEqualsAReplay() throws Exception {
    try (RegistryFixture fixture = open(PullRecording.EVERY)) {
      fixture.registry().pulls().recordManifest(ALICE, REPOSITORY, DIGEST, TAG);
      fixture.registry().pulls().recordManifest(BOB, REPOSITORY, DIGEST, TAG);
      fixture.registry().pulls().recordManifest(BOB, REPOSITORY, DIGEST, Optional.empty());
      ProjectionRunner runner =
          new ProjectionRunner(
              fixture.database().jdbi(), new LogReader(new EventCodec()), new PullView());
      runner.step();
      assertThat(runner.nextPosition()).isEqualTo(3);
      fixture
          .database()
          .jdbi()
          .useHandle(
              handle -> {
                assertThat(PullView.pulls(handle, REPOSITORY, TAG.orElseThrow())).isEqualTo(2);
                assertThat(PullView.pulls(handle, REPOSITORY, DIGEST)).isEqualTo(3);
              });
      assertThat(fixture.registry().upkeep().verifyProjections().equal()).isTrue();
    }
  }

  private static ObservationCounts.By by(String user) {
    return ObservationCounts.By.of(new Caller(user, "r"));
  }
}
