package dev.stele.registry;

import static dev.stele.registry.TestClient.ALICE;
import static dev.stele.registry.TestClient.ok;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.BlobStores;
import dev.stele.blob.DiskBlobStore;
import dev.stele.database.TestDatabase;
import dev.stele.event.EventCodec;
import dev.stele.log.ConnectionSource;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Sizes;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.projection.ManifestView;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tags by which two nodes answer from memory what the database says at that moment. */
class CurrentTagsTest {
  private static final RepositoryName APP = RepositoryName.parse("team/app");

  @TempDir private Path folder;
  private DiskBlobStore store;
  private TestDatabase testDatabase;
  private RegistryFixture one;
  private RegistryFixture other;
  private List<RegistryFixture> nodes;

  @BeforeEach
  void open() throws IOException {
    store = new DiskBlobStore(folder);
    testDatabase = TestDatabase.create();
    RegistryOptions options = RegistryOptions.DEFAULT;
    one = new RegistryFixture(testDatabase, new BlobStores(store), options);
    other = new RegistryFixture(testDatabase, new BlobStores(store), options);
    nodes = List.of(one, other);
  }

  @AfterEach
  void close() throws IOException {
    one.close();
    other.close();
    testDatabase.close();
    store.close();
  }

  private static Tag tag(int number) {
    return Tag.parse("t" + number);
  }

  private static TestManifest manifest(int number) {
    return TestManifest.emptyIndex("" + number);
  }

  private static Digest digest(int number) {
    return manifest(number).digest();
  }

  private static void put(RegistryFixture node, Reference reference, int number, Tag... tags) {
    ok(
        node.registry()
            .putManifest(
                ALICE,
                APP,
                reference,
                MediaTypes.OCI_INDEX,
                manifest(number).bytes(),
                List.of(tags)));
  }

  private static Optional<Digest> target(RegistryFixture node, Reference reference) {
    return switch (node.registry().manifest(APP, reference)) {
      case Outcome.Ok<StoredManifest>(StoredManifest found) -> {
        assertThat(Sizes.digest(found.bytes())).isEqualTo(found.digest());
        yield Optional.of(found.digest());
      }
      case Outcome.Refused<StoredManifest> _ -> Optional.empty();
    };
  }

  @Test
  void everyNodeAnswersWhatWasDecidedLast() {
    Random random = new Random(7);
    Map<Tag, Digest> model = new HashMap<>();
    Set<Digest> present = new HashSet<>();
    for (int step = 0; step < 300; step++) {
      RegistryFixture node = nodes.get(random.nextInt(2));
      int number = random.nextInt(4);
      Tag tag = tag(random.nextInt(5));
      switch (random.nextInt(6)) {
        case 0, 1, 2 -> {
          put(node, tag, number);
          model.put(tag, digest(number));
          present.add(digest(number));
        }
        case 3 -> {
          Outcome<?> _ = node.registry().deleteTag(ALICE, APP, tag);
          model.remove(tag);
        }
        case 4 -> {
          Outcome<?> _ = node.registry().deleteManifest(ALICE, APP, digest(number));
          model.values().removeIf(digest(number)::equals);
          present.remove(digest(number));
        }
        default -> {
          put(node, new Reference.ByDigest(digest(number)), number);
          present.add(digest(number));
        }
      }
      for (RegistryFixture asked : nodes) {
        for (int each = 0; each < 5; each++) {
          assertThat(target(asked, tag(each)))
              .as("tag %d after step %d", each, step)
              .isEqualTo(Optional.ofNullable(model.get(tag(each))));
        }
        for (int each = 0; each < 4; each++) {
          assertThat(target(asked, new Reference.ByDigest(digest(each))).isPresent())
              .as("manifest %d after step %d", each, step)
              .isEqualTo(present.contains(digest(each)));
        }
      }
    }
  }

  @Test
  void nobodyIsToldWhatWasOverBeforeTheQuestion() throws Exception {
    int moves = 300;
    Map<Digest, Integer> numbers = new HashMap<>();
    IntStream.rangeClosed(0, moves).forEach(number -> numbers.put(digest(number), number));
    put(one, tag(0), 0);
    AtomicInteger acknowledged = new AtomicInteger();
    AtomicBoolean over = new AtomicBoolean();
    int readers = 6;
    CountDownLatch ready = new CountDownLatch(readers);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> read = new ArrayList<>();
      for (int reader = 0; reader < readers; reader++) {
        RegistryFixture node = nodes.get(reader % 2);
        Callable<Integer> reading =
            () -> {
              ready.countDown();
              int asked = 0;
              while (!over.get()) {
                int least = acknowledged.get();
                assertThat(numbers.get(target(node, tag(0)).orElseThrow()))
                    .isGreaterThanOrEqualTo(least);
                asked++;
              }
              return asked;
            };
        read.add(threads.submit(reading));
      }
      ready.await();
      for (int number = 1; number <= moves; number++) {
        put(nodes.get(number % 2), tag(0), number);
        acknowledged.set(number);
      }
      over.set(true);
      for (Future<Integer> each : read) {
        assertThat(each.get()).isPositive();
      }
    }
  }

  /** The events that remove them follow by and by. */
  @Test
  void manyTagsGoWithTheirManifestAtOnce() {
    Tag[] tags = IntStream.range(0, 150).mapToObj(CurrentTagsTest::tag).toArray(Tag[]::new);
    put(one, new Reference.ByDigest(digest(0)), 0, tags);
    assertThat(tags).allSatisfy(tag -> assertThat(target(other, tag)).contains(digest(0)));
    Outcome<?> _ = one.registry().deleteManifest(ALICE, APP, digest(0));
    assertThat(tags).allSatisfy(tag -> assertThat(target(other, tag)).isEmpty());
    put(one, new Reference.ByDigest(digest(0)), 0);
    assertThat(tags).allSatisfy(tag -> assertThat(target(other, tag)).isEmpty());
  }

  @Test
  void moreThanIsGoneThroughIsForgotten() {
    put(one, tag(0), 0);
    assertThat(target(other, tag(0))).contains(digest(0));
    for (int number = 1; number <= 300; number++) {
      put(one, tag(number), number);
    }
    put(one, tag(0), 1);
    assertThat(target(other, tag(0))).contains(digest(1));
    assertThat(target(other, tag(300))).contains(digest(300));
  }

  /** As after a standby took over that did not have the newest events, and others came. */
  @Test
  void whatTheLogHasNoMoreIsForgotten() throws SQLException {
    put(one, tag(1), 1);
    put(one, tag(0), 0);
    assertThat(target(one, tag(0))).contains(digest(0));
    asOwner(
        """
        UPDATE event SET command_id = gen_random_uuid(), leaf = convert_to(convert_from(leaf, 'UTF8') || ' ', 'UTF8')
        WHERE position = (SELECT max(position) FROM event)
        """,
        "UPDATE tag SET digest = digest_bytes('%s') WHERE name = 't0'".formatted(digest(1)));
    assertThat(target(one, tag(0))).contains(digest(1));
  }

  @Test
  void aLogThatCannotBeFollowedIsNotInTheWay() {
    put(one, tag(0), 0);
    try (RecentChanges log = over("CREATE TEMP VIEW event AS SELECT 1 AS nothing")) {
      CurrentTags tags = tags(log);
      assertThat(tags.find(APP, tag(0)).orElseThrow().digest()).isEqualTo(digest(0));
      put(other, tag(0), 1);
      assertThat(tags.find(APP, tag(0)).orElseThrow().digest()).isEqualTo(digest(1));
    }
  }

  /** It may be behind its primary, and does not say so. */
  @Test
  void whatAStandbySawCountsForNothing() throws SQLException {
    put(one, tag(0), 0);
    put(one, tag(1), 1);
    try (RecentChanges log =
        over(
            "CREATE SCHEMA IF NOT EXISTS standby",
            "CREATE OR REPLACE FUNCTION standby.pg_is_in_recovery() RETURNS boolean RETURN true",
            "SELECT set_config('search_path', 'standby, pg_catalog, ' ||"
                + " current_setting('search_path'), false)")) {
      CurrentTags tags = tags(log);
      assertThat(tags.find(APP, tag(0)).orElseThrow().digest()).isEqualTo(digest(0));
      asOwner("UPDATE tag SET digest = digest_bytes('%s') WHERE name = 't0'".formatted(digest(1)));
      assertThat(tags.find(APP, tag(0)).orElseThrow().digest()).isEqualTo(digest(1));
    }
  }

  /** Looks by a connection on which something was done first. */
  private RecentChanges over(String... statements) {
    ConnectionSource source =
        () -> {
          Connection connection = testDatabase.connect();
          try (Statement statement = connection.createStatement()) {
            for (String each : statements) {
              statement.execute(each);
            }
          }
          return connection;
        };
    return new RecentChanges(source, new EventCodec());
  }

  private CurrentTags tags(RecentChanges log) {
    return new CurrentTags(one.database().jdbi(), log);
  }

  @Test
  void aLookThatDoesNotComeBackIsGivenUp() throws Exception {
    put(one, tag(0), 0);
    try (RecentChanges log =
            over(
                "CREATE TEMP VIEW event AS SELECT 0::bigint AS position, ''::bytea AS leaf FROM"
                    + " pg_sleep(60)");
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      CurrentTags tags = tags(log);
      List<Future<Optional<ManifestView.Present>>> asked = new ArrayList<>();
      for (int reader = 0; reader < 8; reader++) {
        asked.add(threads.submit(() -> tags.find(APP, tag(0))));
      }
      for (Future<Optional<ManifestView.Present>> each : asked) {
        assertThat(each.get(30, TimeUnit.SECONDS).orElseThrow().digest()).isEqualTo(digest(0));
      }
    }
  }

  /** What is asked again and again is asked of the log only: it answers without the views. */
  @Test
  void whatDidNotChangeComesFromMemory() throws SQLException {
    put(one, tag(0), 0);
    assertThat(target(one, tag(0))).contains(digest(0));
    put(one, tag(1), 1);
    RecentChanges log = new RecentChanges(one.database()::openDedicated, new EventCodec());
    CurrentTags tags = tags(log);
    assertThat(tags.find(APP, tag(0)).orElseThrow().digest()).isEqualTo(digest(0));
    asOwner("UPDATE tag SET digest = digest_bytes('%s') WHERE name = 't0'".formatted(digest(1)));
    assertThat(tags.find(APP, tag(0)).orElseThrow().digest()).isEqualTo(digest(0));
    put(one, tag(2), 2);
    assertThat(tags.find(APP, tag(0)).orElseThrow().digest())
        .as("another tag's event changes nothing")
        .isEqualTo(digest(0));
    put(one, tag(0), 2);
    assertThat(tags.find(APP, tag(0)).orElseThrow().digest()).isEqualTo(digest(2));
    log.close();
    put(one, tag(0), 3);
    assertThat(tags.find(APP, tag(0)).orElseThrow().digest())
        .as("when it looks no more")
        .isEqualTo(digest(3));
  }

  private void asOwner(String... statements) throws SQLException {
    try (Connection connection = testDatabase.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SET session_replication_role = replica");
      for (String each : statements) {
        statement.execute(each);
      }
    }
  }
}
