package dev.stele.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.UploadId;
import dev.stele.database.Database;
import dev.stele.database.TestDatabase;
import dev.stele.event.Cause;
import dev.stele.event.Commitment;
import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.Identity;
import dev.stele.event.Initiator;
import dev.stele.event.Somebody;
import dev.stele.log.AppendLane;
import dev.stele.log.ClockWatch;
import dev.stele.log.Command;
import dev.stele.log.LogReader;
import dev.stele.log.LogSignal;
import dev.stele.oci.Digest;
import dev.stele.oci.InvalidManifestException;
import dev.stele.oci.Manifest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Sizes;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.policy.HoldScope;
import dev.stele.policy.ImmutableTags;
import dev.stele.policy.RepositoryGlob;
import dev.stele.projection.InlineProjections;
import dev.stele.projection.ManifestDocuments;
import dev.stele.projection.Verification;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * A lane that decides many commands in one transaction does what one does that decides each in a
 * transaction of its own: the same answers, the same events, the same views. The commands are
 * random and of few things, so that in nearly every batch some undo, repeat or forbid what others
 * do.
 */
class BatchedLaneTest {
  private static final int COMMANDS = 60;
  private static final int MOST_AT_ONCE = 24;
  private static final String IMAGE = MediaTypes.OCI_IMAGE;

  /** A lane with a database of its own. */
  private static final class Lane implements AutoCloseable {
    private final TestDatabase testDatabase = TestDatabase.create();
    private final Database database = testDatabase.open();
    private final LogSignal signal = new LogSignal(database::openDedicated);
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final ManifestDocuments documents = new ManifestDocuments();
    private final AppendLane lane =
        new AppendLane(
            database::openDedicated,
            new EventCodec(),
            new InlineProjections(documents),
            new ClockWatch(ClockWatch.DEFAULT_TOLERANCE),
            signal,
            meters);

    private long waiting() {
      Gauge queue = meters.get("stele.lane.queue").gauge();
      return (long) queue.value();
    }

    /** What they answer, if each is submitted after the one before it was answered. */
    List<Object> oneByOne(List<Step> steps) {
      List<Object> answers = new ArrayList<>();
      steps.forEach(step -> answers.add(lane.submit(step.command(documents))));
      return answers;
    }

    /** What they answer, if all wait for the same transaction, in their order. */
    List<Object> together(List<Step> steps)
        throws SQLException, InterruptedException, ExecutionException {
      List<Future<Object>> answers = new ArrayList<>();
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        try (Connection blocker = testDatabase.connect()) {
          blocker.setAutoCommit(false);
          try (var statement = blocker.createStatement()) {
            statement.execute("SELECT lock_log()");
          }
          // This one the lane takes, and waits; the others queue up behind it.
          Future<Boolean> first = threads.submit(() -> lane.submit(new Nothing(Somebody.random())));
          while (waiting() > 0 || !waitsForLog()) {
            Thread.sleep(1);
          }
          for (Step step : steps) {
            long before = waiting();
            answers.add(threads.submit(() -> lane.submit(step.command(documents))));
            while (waiting() == before) {
              Thread.onSpinWait();
            }
          }
          blocker.rollback();
          first.get();
        }
        List<Object> values = new ArrayList<>();
        for (Future<Object> answer : answers) {
          values.add(answer.get());
        }
        return values;
      }
    }

    private boolean waitsForLog() {
      return database
          .jdbi()
          .withHandle(
              handle ->
                  handle
                      .createQuery(
                          """
                          SELECT EXISTS (
                            SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                            WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted)
                          """)
                      .mapTo(Boolean.class)
                      .one());
    }

    /** What happened from a position on, without when. */
    List<Appended> log(long from) {
      List<Appended> events = new ArrayList<>();
      database
          .jdbi()
          .useHandle(
              handle ->
                  new LogReader(new EventCodec())
                      .replay(
                          handle,
                          from,
                          page ->
                              page.forEach(
                                  each ->
                                      events.add(
                                          new Appended(
                                              each.position(),
                                              each.event(),
                                              each.cause(),
                                              each.requestId())))));
      return events;
    }

    long next() {
      return database.jdbi().withHandle(LogReader::nextPosition);
    }

    void verify() {
      assertThat(new Verification(new LogReader(new EventCodec())).run(database.jdbi()).results())
          .allMatch(Verification.Result::equal);
    }

    @Override
    public void close() {
      lane.close();
      signal.close();
      database.close();
      testDatabase.close();
    }
  }

  private record Appended(long position, Event event, Cause cause, String requestId) {}

  /** A command of a lane, which has documents of its own. */
  private interface Step {
    Command<Object> command(ManifestDocuments documents);
  }

  /** Keeps the lane busy. */
  private record Nothing(Initiator initiator) implements Command<Boolean> {
    @Override
    public Boolean decide(Decision decision) {
      return true;
    }
  }

  private static Lane single;
  private static Lane batched;
  private static int tries;

  @BeforeContainer
  static void open() {
    single = new Lane();
    batched = new Lane();
  }

  @AfterContainer
  static void close() {
    assertThat(batched.meters.get("stele.lane.batch.commands").summary().max())
        .as("commands in one transaction")
        .isGreaterThan(MOST_AT_ONCE / 2.0);
    single.verify();
    batched.verify();
    single.close();
    batched.close();
  }

  @Property(tries = 30, shrinking = ShrinkingMode.OFF)
  void aBatchDoesWhatItsCommandsDoOneByOne(@ForAll long seed) throws Exception {
    Random random = new Random(seed);
    World world = new World(random, tries++);
    int done = 0;
    while (done < COMMANDS) {
      List<Step> steps = new ArrayList<>();
      int count = 1 + random.nextInt(MOST_AT_ONCE);
      for (int i = 0; i < count; i++) {
        steps.add(world.step());
      }
      done += count;
      long from = single.next();
      assertThat(batched.next()).isEqualTo(from);
      List<Object> expected = single.oneByOne(steps);
      List<Object> answers = batched.together(steps);
      assertThat(answers.stream().map(BatchedLaneTest::comparable).toList())
          .isEqualTo(expected.stream().map(BatchedLaneTest::comparable).toList());
      assertThat(batched.log(from)).isEqualTo(single.log(from));
    }
    assertThat(batched.meters.get("stele.lane.retries").counter().count()).isZero();
  }

  /** An answer without the times that are in it. */
  private static Object comparable(Object answer) {
    return answer instanceof Outcome.Refused<?>(Refusal.Held(String what, var hold))
        ? "held: " + what + " by " + hold.id()
        : answer;
  }

  /** Two repositories, and few blobs, manifests and tags, so that commands meet. */
  private static final class World {
    private final Random random;
    private final Commitment identity = Somebody.random().identity();
    private final List<RepositoryName> repositories;
    private final List<byte[]> blobs = new ArrayList<>();
    private final List<byte[]> manifests = new ArrayList<>();
    private final List<Tag> tags = List.of(Tag.parse("a"), Tag.parse("b"), Tag.parse("c"));
    private final List<UUID> holds = new ArrayList<>();
    private final Protection protection;
    private int requests;

    World(Random random, int number) {
      this.random = random;
      this.repositories =
          List.of(
              RepositoryName.parse("try%d/one".formatted(number)),
              RepositoryName.parse("try%d/two".formatted(number)));
      for (int i = 0; i < 4; i++) {
        blobs.add("blob %d of try %d".formatted(i, number).getBytes(StandardCharsets.UTF_8));
      }
      manifests.add(image(Optional.empty(), 0, 1));
      manifests.add(image(Optional.empty(), 1, 2));
      manifests.add(image(Optional.of(manifests.getFirst()), 3));
      manifests.add(image(Optional.empty(), 0, 0));
      this.protection = new Protection(ImmutableTags.NONE);
    }

    private static Digest digest(byte[] bytes) {
      return Sizes.digest(bytes);
    }

    private byte[] image(Optional<byte[]> subject, int config, int... layers) {
      return TestManifest.image(
              digest(blobs.get(config)),
              IntStream.of(layers).mapToObj(n -> digest(blobs.get(n))).toArray(Digest[]::new))
          .subject(subject.map(World::digest))
          .bytes();
    }

    private <T> T any(List<T> list) {
      return list.get(random.nextInt(list.size()));
    }

    @SuppressWarnings("unchecked") // what it answers is only ever compared
    private static Step same(Command<?> command) {
      return _ -> (Command<Object>) command;
    }

    Step step() {
      Initiator by = new Initiator(identity, Optional.empty(), "request-" + requests++);
      RepositoryName repository = any(repositories);
      byte[] blob = any(blobs);
      byte[] manifest = any(manifests);
      Tag tag = any(tags);
      return switch (random.nextInt(16)) {
        case 0, 1, 2, 3 -> {
          Optional<FinishedUpload> session =
              random.nextBoolean()
                  ? Optional.of(new FinishedUpload(UploadId.random(), Duration.ofMinutes(1)))
                  : Optional.empty();
          String key = "key of " + digest(blob);
          yield same(
              new LinkBlob(
                  by,
                  repository,
                  digest(blob),
                  blob.length,
                  "default",
                  key,
                  random.nextInt(3) == 0
                      ? Optional.empty()
                      : Optional.of(new LinkBlob.Seen(key, random.nextInt(3) > 0)),
                  session));
        }
        case 4 ->
            same(
                new MountBlob(
                    by,
                    repository,
                    digest(blob),
                    random.nextBoolean() ? Optional.of(any(repositories)) : Optional.empty(),
                    "default"));
        case 5, 6, 7, 8, 9 -> put(by, repository, manifest);
        case 10 -> same(new DeleteTag(by, repository, tag, protection, condition()));
        case 11 ->
            same(
                new DeleteManifest(
                    by,
                    repository,
                    digest(manifest),
                    random.nextBoolean(),
                    protection,
                    -1,
                    condition()));
        case 12 -> same(new DeleteBlob(by, repository, digest(blob), condition()));
        case 13 -> same(new CreateRepository(by, repository));
        case 14 -> {
          UUID id = UUID.randomUUID();
          holds.add(id);
          yield same(new PlaceHold(by, hold(id, repository, tag, manifest)));
        }
        default ->
            holds.isEmpty()
                ? same(new Nothing(by))
                : same(
                    new ReleaseHold(
                        by,
                        Identity.user("user" + random.nextInt(3)),
                        random.nextInt(3),
                        any(holds),
                        "over"));
      };
    }

    private Precondition condition() {
      return switch (random.nextInt(6)) {
        case 0 -> Precondition.ABSENT;
        case 1 -> Precondition.PRESENT;
        case 2 -> Precondition.at(digest(any(manifests)));
        default -> Precondition.NONE;
      };
    }

    private NewHold hold(UUID id, RepositoryName repository, Tag tag, byte[] manifest) {
      RepositoryGlob where = RepositoryGlob.parse(repository.value());
      HoldScope scope =
          switch (random.nextInt(4)) {
            case 0 -> new HoldScope(where, Optional.empty(), Optional.empty());
            case 1 ->
                new HoldScope(
                    RepositoryGlob.parse(repository.value().replaceAll("/.*", "/*")),
                    Optional.of(tag),
                    Optional.empty());
            case 2 -> new HoldScope(where, Optional.of(tag), Optional.empty());
            default -> new HoldScope(where, Optional.empty(), Optional.of(digest(manifest)));
          };
      return new NewHold(id, scope, random.nextBoolean(), "for the test");
    }

    private Step put(Initiator by, RepositoryName repository, byte[] bytes) {
      List<Tag> named = tags.stream().filter(_ -> random.nextInt(3) == 0).toList();
      boolean sparse = random.nextInt(3) == 0;
      Precondition precondition = condition();
      return documents -> {
        try {
          @SuppressWarnings("unchecked") // what it answers is only ever compared
          Command<Object> command =
              (Command<Object>)
                  (Command<?>)
                      new StoreManifest(
                          by,
                          repository,
                          digest(bytes),
                          Manifest.parse(IMAGE, bytes),
                          IMAGE,
                          bytes,
                          named,
                          documents,
                          sparse,
                          protection,
                          true,
                          precondition);
          return command;
        } catch (InvalidManifestException e) {
          throw new IllegalStateException(e);
        }
      };
    }
  }
}
