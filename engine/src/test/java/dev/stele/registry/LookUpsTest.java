package dev.stele.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.BlobStores;
import dev.stele.blob.DiskBlobStore;
import dev.stele.claim.StoreClaims;
import dev.stele.database.Database;
import dev.stele.database.TestDatabase;
import dev.stele.engine.Engine;
import dev.stele.event.EventCodec;
import dev.stele.history.DigestStates;
import dev.stele.history.Exposure;
import dev.stele.history.ExposurePage;
import dev.stele.history.History;
import dev.stele.history.TagPeriods;
import dev.stele.log.AsOf;
import dev.stele.log.LogReader;
import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.projection.BlobView;
import dev.stele.projection.EventIndexView;
import dev.stele.projection.OrphanView;
import dev.stele.projection.ProjectionRunner;
import dev.stele.projection.TagView;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * No request costs more because its repository or the log is large: each reads a few rows, however
 * many there are. Counted by PostgreSQL itself.
 */
class LookUpsTest {
  private static final int ROWS = 100_000;

  /** Rows, index entries and blocks that a request may touch. A scan would touch {@link #ROWS}. */
  private static final long MOST_TOUCHED = 1_000;

  /** Executions after which the driver and the server have settled on a plan. */
  private static final int SETTLED = 12;

  private static final Caller CALLER = new Caller("actor 1", "r");
  private static final RepositoryName BIG = RepositoryName.parse("big");
  private static final RepositoryName RARE = RepositoryName.parse("rare");
  private static final Digest POPULAR = number(0);
  private static final Digest NEWEST = number(ROWS - 1);

  @TempDir Path folder;
  private final ConcurrentLinkedQueue<Connection> dedicated = new ConcurrentLinkedQueue<>();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private TestDatabase testDatabase;
  private Database database;
  private Engine engine;
  private Registry registry;

  /** The digest that {@code digest(n)} is in the test's SQL. */
  private static Digest number(int n) {
    return Digest.parse("sha256:%064d".formatted(n));
  }

  @BeforeEach
  void fill() throws IOException, SQLException {
    testDatabase = TestDatabase.create();
    database =
        Database.open(
            new Database.Settings(
                testDatabase.url(), testDatabase.user(), testDatabase.password(), 1),
            meters);
    BlobStores stores = new BlobStores(new DiskBlobStore(folder));
    new StoreClaims(database.jdbi(), stores).require();
    try (Connection owner = testDatabase.connect();
        Statement statement = owner.createStatement()) {
      statement.execute(
          """
          CREATE FUNCTION digest(n bigint) RETURNS bytea IMMUTABLE LANGUAGE sql
            RETURN digest_bytes('sha256:' || lpad(n::text, 64, '0'));
          CREATE TEMPORARY TABLE n AS SELECT n::bigint FROM generate_series(0, %1$d - 1) AS n;
          ANALYZE n;
          INSERT INTO repository SELECT 'r/' || n, n, now() FROM n;
          INSERT INTO repository VALUES ('big', 0, now()), ('rare', 0, now());
          INSERT INTO blob_object SELECT 'default', digest(n), 'k' || n, 1, n FROM n;
          INSERT INTO blob_link SELECT 'big', digest(n), n FROM n;
          INSERT INTO blob_link SELECT 'r/' || n, digest(0), n FROM n;
          INSERT INTO manifest SELECT 'big', digest(n), 'm', NULL, 1, NULL, n FROM n;
          INSERT INTO manifest_document SELECT digest(n), 'm', '{}' FROM n;
          -- Every manifest has one config and a popular layer.
          INSERT INTO reach_edge SELECT 'big', digest(n), digest(%1$d + n), 'lists' FROM n;
          INSERT INTO reach_edge SELECT 'big', digest(n), digest(0), 'lists' FROM n WHERE n > 0;
          INSERT INTO tag SELECT 'big', 't' || n, digest(n / 2 * (n %% 2)), n, now(), n, now() FROM n;
          INSERT INTO tag_history SELECT 'big', 't', digest(n), n, now(), md5(n::text)::uuid FROM n;
          INSERT INTO tag_history SELECT 'busy', 't' || n %% 100, digest(n), n, now(), md5(n::text)::uuid, n + 100, now(), NULL, 'moved'
            FROM n;
          INSERT INTO repository_history SELECT 'r/' || n, n, now() FROM n;
          INSERT INTO repository_history VALUES ('big', 0, now()), ('busy', 0, now());
          INSERT INTO manifest_history SELECT 'big', digest(n), 'm', 'a', 1, digest(0), n, now() FROM n;
          INSERT INTO blob_link_history SELECT 'big', digest(n), n, now() FROM n;
          INSERT INTO blob_sweep SELECT digest(n), 'default', n, now() FROM n;
          INSERT INTO log_checkpoint VALUES ('history', %1$d), ('reachability', %1$d);
          -- All manifests have one layer, and each other one is in the index after it. One manifest was everywhere.
          INSERT INTO exposure_reference SELECT digest(%1$d), digest(n), 'layer' FROM n;
          INSERT INTO exposure_reference SELECT digest(n), digest(n + 1), 'child' FROM n WHERE n %% 2 = 0;
          INSERT INTO exposure_place SELECT digest(%1$d), 'r/' || n, n, now() FROM n;
          INSERT INTO exposure_tag SELECT digest(%1$d), 'big', 't', n FROM n;
          INSERT INTO exposure_pull SELECT digest(%1$d), 'r/' || n, '', md5(n::text)::uuid, 1, now(), now() FROM n;
          INSERT INTO referrer SELECT 'big', digest(0), digest(n), 'm', 'type/' || n %% 2, 1, '{}' FROM n;
          INSERT INTO referrer SELECT 'big', digest(n), digest(n), 'm', 'type/0', 1, '{}' FROM n WHERE n > 0;
          INSERT INTO actor (id, opening, name) SELECT md5(n::text)::uuid, 'opening ' || n, 'actor ' || n FROM n;
          INSERT INTO event
            SELECT n, now() - interval '1 s' * (%1$d - n), type, repository, md5('1')::uuid, gen_random_uuid(),
                   convert_to(format(
                     '{"position":"%%s","type":"%%s","schema":1,"at":"2026-01-01T00:00:00.000000Z","clock":"2026-01-01T00:00:00.000000Z","actor":"%%s",'
                     '"cause":{"kind":"CLIENT_REQUEST"},"request":"r","command":"00000000-0000-0000-0000-000000000000","salt":"",'
                     '"data":{"repository":"%%s","digest":"%%s"}}',
                     n, type, repeat(md5('1'), 2), repository, digest_text(digest(n))), 'UTF8')
            FROM n, LATERAL (
              SELECT CASE WHEN n < 5 THEN 'rare' ELSE 'big' END AS repository,
                     CASE WHEN n < 3 THEN 'BlobDeleted' ELSE 'ManifestDeleted' END AS type) AS kind;
          """
              .formatted(ROWS));
      index(database);
      statement.execute("VACUUM ANALYZE");
    }
    engine =
        new Engine(
            database.jdbi(),
            database.jdbi(), // one session has all that is counted
            () -> {
              Connection connection = database.openDedicated();
              dedicated.add(connection);
              return connection;
            },
            stores,
            RegistryOptions.DEFAULT,
            meters);
    registry = engine.registry();
    // The plan made once for all values, which PostgreSQL may choose at any time, must do as well.
    database.jdbi().useHandle(handle -> handle.execute("SET plan_cache_mode = force_generic_plan"));
  }

  /** But for the last few, which are not worth it. */
  private static void index(Database database) {
    LogReader reader = new LogReader(new EventCodec());
    ProjectionRunner index = new ProjectionRunner(database.jdbi(), reader, new EventIndexView());
    while (!index.step().isEmpty()) {
      // The next step takes the next events.
    }
    assertThat(index.nextPosition()).isBetween(ROWS - 64L, (long) ROWS);
  }

  @AfterEach
  void close() {
    engine.close();
    database.close();
    testDatabase.close();
  }

  /** A request, which may be made again and again. */
  @FunctionalInterface
  private interface Request {
    void run() throws IOException;
  }

  private long touched(Request request) throws IOException, SQLException {
    for (int n = 0; n < SETTLED; n++) {
      request.run();
    }
    long before = count();
    request.run();
    return count() - before;
  }

  /** The server's counters, with what the pool's and the lane's sessions have not told it yet. */
  private long count() throws SQLException {
    for (Connection connection : dedicated) {
      if (!connection.getAutoCommit()) { // the lane's, which is idle between the test's requests
        try (Statement statement = connection.createStatement()) {
          statement.execute("SELECT pg_stat_force_next_flush()");
        }
        connection.commit();
      }
    }
    database.jdbi().useHandle(handle -> handle.execute("SELECT pg_stat_force_next_flush()"));
    return database
        .jdbi()
        .withHandle(
            handle ->
                handle
                    .createQuery(
                        """
                        SELECT sum(seq_tup_read + idx_tup_fetch + heap_blks_hit + heap_blks_read
                                   + idx_blks_hit + idx_blks_read
                                   + (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes i
                                      WHERE i.relid = t.relid))
                        FROM pg_stat_user_tables t JOIN pg_statio_user_tables USING (relid)
                        """)
                    .mapTo(Long.class)
                    .one());
  }

  private static byte[] image(int n) {
    return TestManifest.artifact(NEWEST, POPULAR).annotation("n", "" + n).bytes();
  }

  @Test
  void everyRequestTouchesAFewRows() throws Exception {
    Optional<String> middle = Optional.of("t5");
    Map<String, Request> requests = new TreeMap<>();
    requests.put("exists", () -> registry.exists(BIG));
    requests.put("repositories", () -> registry.repositories(Optional.of("r/5"), 10));
    requests.put("tags", () -> registry.tags(BIG, middle, 10));
    requests.put("manifest by digest", () -> lookUp(new Reference.ByDigest(number(7))));
    requests.put("manifest by tag", () -> lookUp(Tag.parse("t7")));
    requests.put(
        "referrers",
        () -> registry.referrers(BIG, POPULAR, Optional.empty(), Optional.of(number(50_000)), 10));
    requests.put(
        "referrers of a type",
        () -> registry.referrers(BIG, POPULAR, Optional.of("type/1"), Optional.empty(), 10));
    requests.put(
        "history", () -> registry.archive().tagHistory(BIG, Tag.parse("t"), 10, Optional.empty()));
    requests.put(
        "history further down",
        () -> registry.archive().tagHistory(BIG, Tag.parse("t"), 10, Optional.of(50_000L)));
    requests.put("events", () -> registry.log().events(50_000, 10, EventFilter.ALL));
    requests.put(
        "events of a repository",
        () ->
            registry.log().events(50_000, 10, new EventFilter(Optional.of(BIG), Optional.empty())));
    requests.put(
        "events of a rare repository",
        () -> registry.log().events(-1, 10, new EventFilter(Optional.of(RARE), Optional.empty())));
    requests.put(
        "events of a rare type",
        () ->
            registry
                .log()
                .events(-1, 10, new EventFilter(Optional.empty(), Optional.of("BlobDeleted"))));
    requests.put(
        "events of a repository and a type",
        () ->
            registry
                .log()
                .events(-1, 10, new EventFilter(Optional.of(RARE), Optional.of("Nothing"))));
    requests.putAll(ofTheRecord());
    AtomicInteger blob = new AtomicInteger(9); // another each time, since memory answers for one
    requests.put("blob", () -> registry.blobFacts(BIG, number(blob.incrementAndGet())));
    requests.put(
        "blob anywhere",
        () ->
            database
                .jdbi()
                .withHandle(
                    handle ->
                        BlobView.LINKED_ANYWHERE.lookUp(handle, List.of(POPULAR)).get(POPULAR)));
    requests.put(
        "objects of a store",
        () ->
            database
                .jdbi()
                .withHandle(
                    handle ->
                        BlobView.objects(handle, "default", Optional.of(number(50_000)), 10)));
    requests.put(
        "which keys of objects are known",
        () -> {
          List<String> keys = List.of("k5", "other");
          Set<String> known =
              database.jdbi().withHandle(handle -> OrphanView.knownKeys(handle, "default", keys));
          assertThat(known).containsExactly("k5");
        });
    requests.put(
        "tags of a digest",
        () ->
            database.jdbi().withHandle(handle -> TagView.movedTo(handle, BIG, number(9), -1, 100)));
    requests.put("delete a blob in use", () -> registry.deleteBlob(CALLER, BIG, number(77)));
    requests.put("delete a popular manifest", () -> registry.deleteManifest(CALLER, BIG, POPULAR));
    requests.put("delete manifests in no index", new DeleteNext());
    requests.put("delete an unknown tag", () -> registry.deleteTag(CALLER, BIG, Tag.parse("x")));
    requests.put("put a manifest", new PutNext());
    requests.putAll(ofThePast());
    requests.putAll(ofExposure());
    Map<String, Long> dear = new TreeMap<>();
    for (Map.Entry<String, Request> each : requests.entrySet()) {
      long touched = touched(each.getValue());
      assertThat(touched).as(each.getKey()).isPositive();
      if (touched > MOST_TOUCHED) {
        dear.put(each.getKey(), touched);
      }
    }
    assertThat(dear).isEmpty();
  }

  private Map<String, Request> ofTheRecord() {
    EventFilter ofDigest = EventFilter.ALL.ofDigest(number(77));
    EventFilter ofAll = ofDigest.ofTypes(Set.of("ManifestDeleted", "BlobDeleted"));
    TagPeriods periods = new TagPeriods(registry);
    AsOf start = new AsOf(new Moment.AtPosition(50_000), 50_000);
    AsOf end = new AsOf(new Moment.AtPosition(50_010), 50_010);
    return Map.of(
        "newest events of a repository",
            () ->
                registry
                    .log()
                    .events(
                        newest(new EventFilter(Optional.of(BIG), Optional.of("ManifestDeleted")))),
        "newest events of a rare type",
            () -> registry.log().events(newest(EventFilter.ALL.ofTypes(Set.of("BlobDeleted")))),
        "events of a digest", () -> registry.log().events(newest(ofDigest)),
        "events of a digest and a type", () -> registry.log().events(newest(ofAll)),
        "event", () -> registry.log().event(50_000),
        "what there is of a digest", () -> new DigestStates(registry.archive()).of(number(88_888)),
        "tags of a digest anywhere", () -> periods.ofDigest(number(99), Optional.empty(), -1, 10),
        "what was pullable",
            () ->
                periods.overlapping(RepositoryName.parse("busy"), start, end, Optional.empty(), 10),
        "what was pullable of a tag that moves much",
            () ->
                periods.overlapping(
                    BIG, start, end, Optional.of(new TagPeriods.Key(Tag.parse("t"), 50_005)), 10));
  }

  private static EventQuery newest(EventFilter filter) {
    return new EventQuery(filter, -1, Long.MAX_VALUE, true, 10);
  }

  private Map<String, Request> ofExposure() {
    Exposure exposure = new Exposure(registry);
    Digest everywhere = number(ROWS);
    ExposurePage.Key image = new ExposurePage.Key(number(50_000), Optional.empty());
    ExposurePage.Key index = new ExposurePage.Key(number(50_000), Optional.of(number(50_001)));
    return Map.of(
        "manifests of a layer", () -> exposure.manifests(everywhere, Optional.empty(), 10),
        "manifests after an image", () -> exposure.manifests(everywhere, Optional.of(image), 10),
        "manifests after an index", () -> exposure.manifests(everywhere, Optional.of(index), 10),
        "where a manifest was", () -> exposure.where(List.of(everywhere, number(7)), 10));
  }

  private Map<String, Request> ofThePast() {
    History history = new History(registry);
    AsOf middle = new AsOf(new Moment.AtPosition(50_000), 50_000);
    RepositoryName busy = RepositoryName.parse("busy");
    Instant anHourAgo = Instant.now().minusSeconds(3600);
    return Map.of(
        "position of an instant", () -> history.asOf(new Moment.AtInstant(anHourAgo)),
        "past repositories", () -> history.repositories(middle, Optional.of("r/3"), 10),
        "past tags of many moves", () -> history.tags(middle, busy, Optional.of("t5"), 10),
        "past tag of many moves", () -> history.tag(middle, BIG, Tag.parse("t")),
        "past manifests", () -> history.manifests(middle, BIG, Optional.of(number(500)), 10),
        "past manifest", () -> history.manifest(middle, BIG, new Reference.ByDigest(number(9))),
        "past blob", () -> history.blobFacts(middle, BIG, number(60_000)),
        "diff of a few events",
            () ->
                history.diff(
                    middle,
                    new AsOf(new Moment.AtPosition(50_020), 50_020),
                    BIG,
                    Optional.empty(),
                    10));
  }

  /** The documents of the test's manifests are made up, which is noticed when one has been read. */
  private void lookUp(Reference reference) {
    try {
      Outcome<StoredManifest> unexpected = registry.manifest(BIG, reference);
      throw new AssertionError(unexpected.toString());
    } catch (IllegalStateException e) {
      assertThat(e).hasMessageContaining("was changed");
    }
  }

  private final class DeleteNext implements Request {
    private int next = 60_000;

    @Override
    public void run() {
      Digest digest = number(next);
      next += 2;
      assertThat(registry.deleteManifest(CALLER, BIG, digest)).isEqualTo(Outcome.ok(digest));
    }
  }

  private final class PutNext implements Request {
    private int next;

    @Override
    public void run() {
      int n = next++;
      assertThat(
              registry.putManifest(
                  CALLER, BIG, Tag.parse("t7"), MediaTypes.OCI_IMAGE, image(n), List.of()))
          .isInstanceOf(Outcome.Ok.class);
    }
  }
}
