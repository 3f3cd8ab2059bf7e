package dev.stele.parity;

import static dev.stele.registry.TestClient.ALICE;
import static dev.stele.registry.TestClient.ok;
import static dev.stele.registry.TestClient.upload;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.blob.BlobStore;
import dev.stele.blob.BlobStores;
import dev.stele.blob.StoredObject;
import dev.stele.blob.UploadId;
import dev.stele.blob.UploadStatus;
import dev.stele.claim.Standing;
import dev.stele.claim.StoreRefusedException;
import dev.stele.database.TestDatabase;
import dev.stele.engine.Engine;
import dev.stele.gc.Collection;
import dev.stele.gc.GcOptions;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.registry.Caller;
import dev.stele.registry.Outcome;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import dev.stele.registry.RegistryUnavailableException;
import dev.stele.registry.TestClient;
import dev.stele.verify.Finding;
import dev.stele.verify.Fsck;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Row 53: two registries and one store. */
abstract class OwnershipRows {
  private static final Caller ALICE = new Caller("alice", "request-1");
  private static final RepositoryName APP = RepositoryName.parse("team/app");
  private static final String STORE = BlobStores.DEFAULT;
  private static final String TAKE_OVER = "run 'stele store take-over default'";
  private static final RegistryOptions NO_GRACE =
      RegistryOptions.DEFAULT.withGc(GcOptions.DEFAULT.withGrace(Duration.ZERO));

  private final Callable<ParityStorage> storages;
  private ParityStorage storage;
  private BlobStore store;
  private final List<AutoCloseable> opened = new ArrayList<>();

  OwnershipRows(Callable<ParityStorage> storages) {
    this.storages = storages;
  }

  @BeforeEach
  void open() throws Exception {
    storage = storages.call();
    store = storage.open(STORE);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
    store.close();
  }

  /** A registry over a database, on the one store. */
  private Registry over(TestDatabase database) {
    RegistryFixture fixture = new RegistryFixture(database, new BlobStores(store), NO_GRACE);
    opened.add(fixture);
    return fixture.registry();
  }

  private Engine engineOf(Registry registry) {
    return opened.stream()
        .flatMap(each -> each instanceof RegistryFixture fixture ? Stream.of(fixture) : Stream.of())
        .map(RegistryFixture::engine)
        .filter(engine -> engine.registry().equals(registry))
        .findFirst()
        .orElseThrow();
  }

  /** Stops the registry that was opened last; its database stays. */
  private void stop() throws Exception {
    opened.removeLast().close();
  }

  private TestDatabase database() {
    TestDatabase database = TestDatabase.create();
    opened.add(database);
    return database;
  }

  /** A backup, restored. */
  private TestDatabase copyOf(TestDatabase database) {
    TestDatabase copy = database.copy();
    opened.add(copy);
    return copy;
  }

  private static Digest digest(String content) {
    return ParityRows.digest(content);
  }

  private static void push(Registry registry, String tag, String content) throws IOException {
    Digest config = upload(registry, APP, "{\"of\":\"" + content + "\"}");
    Digest layer = upload(registry, APP, content);
    TestClient.push(registry, APP, Tag.parse(tag), TestManifest.image(config, layer));
  }

  private static void assertPullable(Registry registry, String... contents) throws IOException {
    for (String content : contents) {
      assertThat(registry.blobSize(APP, digest(content)))
          .isEqualTo(Outcome.ok((long) content.length()));
      assertThat(registry.blobSize(APP, digest("{\"of\":\"" + content + "\"}")))
          .isEqualTo(Outcome.ok((long) content.length() + 9));
    }
  }

  /** Nothing that this registry can be made to do changes the store, and each says what to do. */
  private void assertKeepsOff(Registry registry, String reason) throws Exception {
    List<StoredObject> objects = objects();
    List<UploadStatus> uploads = uploads();
    String marker = store.marker().orElse("");
    assertThatThrownBy(registry.stores()::claim)
        .isInstanceOf(StoreRefusedException.class)
        .hasMessageContaining(reason)
        .hasMessageContaining(TAKE_OVER);
    assertThatThrownBy(engineOf(registry)::startBackground)
        .isInstanceOf(RegistryUnavailableException.class)
        .hasMessageContaining(reason);
    assertThatThrownBy(() -> registry.uploads().begin(APP, Digest.Algorithm.SHA256))
        .isInstanceOf(RegistryUnavailableException.class)
        .hasMessageContaining(TAKE_OVER);
    assertThatThrownBy(() -> push(registry, "new", "other"))
        .isInstanceOf(RegistryUnavailableException.class)
        .hasMessageContaining(TAKE_OVER);
    assertThatThrownBy(() -> registry.initialise(ALICE, RepositoryName.parse("team/new")))
        .isInstanceOf(RegistryUnavailableException.class)
        .hasMessageContaining(TAKE_OVER);
    for (int run = 0; run < 2; run++) {
      Collection done = registry.collecting().run();
      assertThat(done.failure().orElseThrow()).contains(reason).contains(TAKE_OVER);
      assertThat(done.idle()).isTrue();
    }
    assertThat(objects()).containsExactlyInAnyOrderElementsOf(objects);
    assertThat(uploads()).containsExactlyInAnyOrderElementsOf(uploads);
    assertThat(store.marker().orElse("")).isEqualTo(marker);
  }

  private List<Finding> fsck() throws IOException {
    RegistryFixture newest = (RegistryFixture) opened.getLast();
    List<Finding> findings = new ArrayList<>();
    Fsck.Summary summary =
        new Fsck(newest.database().jdbi(), new BlobStores(store))
            .run(false, findings::add, (_, _, _) -> {});
    assertThat(summary.sound()).isEqualTo(findings.stream().noneMatch(Finding::damage));
    return findings;
  }

  private List<StoredObject> objects() throws IOException {
    try (Stream<StoredObject> objects = store.objects()) {
      return objects.toList();
    }
  }

  private List<UploadStatus> uploads() throws IOException {
    try (Stream<UploadStatus> uploads = store.uploads()) {
      return uploads.toList();
    }
  }

  @Test
  @DisplayName("53: a fresh registry keeps off the store of another, also while that one is empty")
  void freshRegistry() throws Exception {
    Registry owner = over(database());
    owner.stores().claim();
    Registry early = over(database());
    assertKeepsOff(early, "belongs to another registry (whose log is empty)");
    push(owner, "v1", "one");
    UploadId upload = owner.uploads().begin(APP, Digest.Algorithm.SHA256).id();
    assertKeepsOff(early, "belongs to another registry (log ");
    Registry late = over(database());
    assertKeepsOff(late, "belongs to another registry (log ");
    assertThat(fsck())
        .filteredOn(Finding::damage)
        .singleElement()
        .isInstanceOf(Finding.StoreRefused.class);
    List<Finding> scrubbed = new ArrayList<>();
    assertThat(late.stores().scrub(ALICE, Long.MAX_VALUE, scrubbed::add, (_, _, _) -> {}).sound())
        .isFalse();
    assertThat(scrubbed)
        .singleElement()
        .extracting(Finding::what)
        .asString()
        .startsWith(
            "store default could not be looked at whole, but for 0 of the objects that the log"
                + " knows: ");
    push(owner, "v2", "two");
    assertThat(owner.collecting().run().failure()).isEmpty();
    assertPullable(owner, "one", "two");
    ok(owner.uploads().cancel(APP, upload));
  }

  @Test
  @DisplayName("53: an older database keeps off, whether the newer one has stopped or goes on")
  void olderDatabase() throws Exception {
    TestDatabase live = database();
    Registry registry = over(live);
    push(registry, "v1", "one");
    stop();
    TestDatabase backup = copyOf(live);
    registry = over(live);
    push(registry, "v2", "two");
    stop();
    Registry older = over(backup);
    assertKeepsOff(older, "is ahead of the log");
    assertThat(fsck()).anyMatch(Finding.StoreRefused.class::isInstance);
    Registry newer = over(live);
    newer.stores().claim();
    push(newer, "v3", "three");
    assertThat(newer.collecting().run().failure()).isEmpty();
    assertKeepsOff(older, "is ahead of the log");
    assertPullable(newer, "one", "two", "three");
  }

  @Test
  @DisplayName("53: one acknowledged upload makes a copy of the database an older one")
  void oneUploadAhead() throws Exception {
    TestDatabase live = database();
    Registry registry = over(live);
    push(registry, "v1", "one");
    stop();
    TestDatabase backup = copyOf(live);
    registry = over(live);
    assertThat(
            registry.putBlob(
                ALICE,
                APP,
                digest("two"),
                OptionalLong.empty(),
                new ByteArrayInputStream(ParityRows.bytes("two"))))
        .isEqualTo(Outcome.ok(digest("two")));
    // The registry is not closed: it may as well have been killed here.
    assertKeepsOff(over(backup), "is ahead of the log");
  }

  @Test
  @DisplayName(
      "53: a copy of the database that is as new keeps off once the live one has collected")
  void copyOfTheSameLog() throws Exception {
    TestDatabase live = database();
    Registry registry = over(live);
    push(registry, "v1", "one");
    stop();
    TestDatabase copy = copyOf(live);
    registry = over(live);
    assertThat(registry.collecting().run().failure()).isEmpty();
    Registry staging = over(copy);
    assertKeepsOff(staging, "is used by another copy of this database");
    push(registry, "v2", "two");
    assertThat(registry.collecting().run().failure()).isEmpty();
    assertPullable(registry, "one", "two");
  }

  @Test
  @DisplayName("53: two copies that go on at once: the one that marked the store last keeps it")
  void twoCopiesAtOnce() throws Exception {
    TestDatabase live = database();
    Registry registry = over(live);
    push(registry, "v1", "one");
    stop();
    TestDatabase copy = copyOf(live);
    Registry first = over(live);
    Registry second = over(copy);
    first.stores().claim();
    second.stores().claim();
    push(first, "v2", "two");
    assertThatThrownBy(() -> push(second, "v3", "three"))
        .isInstanceOf(RegistryUnavailableException.class)
        .hasMessageContaining("is ahead of the log")
        .hasMessageContaining(TAKE_OVER);
    assertKeepsOff(second, "is ahead of the log");
    push(first, "v4", "four");
    assertPullable(first, "one", "two", "four");
  }

  @Test
  @DisplayName("53: with an operator's word an older database goes on, and leaves a grace period")
  void takenOver() throws Exception {
    TestDatabase live = database();
    Registry registry = over(live);
    push(registry, "v1", "one");
    stop();
    TestDatabase backup = copyOf(live);
    registry = over(live);
    push(registry, "v2", "two");
    stop();
    Registry older = over(backup);
    assertKeepsOff(older, "is ahead of the log");
    assertThat(older.stores().takeOver(ALICE, "no-such-store")).isEmpty();
    assertThat(older.stores().takeOver(ALICE, STORE).orElseThrow())
        .isInstanceOf(Standing.Refused.class);
    assertThat(older.stores().standings().get(STORE)).isInstanceOf(Standing.Owned.class);
    // What only the newer one knows was seen once now, and not yet for a grace period.
    assertThat(older.collecting().run().tally().orphans()).isZero();
    push(older, "v3", "three");
    assertPullable(older, "one", "three");
    Registry newer = over(live);
    assertKeepsOff(newer, "was taken over by another copy of this registry");
    assertPullable(newer, "one", "two");
    // The operator thinks again: nothing that the newer one needs is gone.
    assertThat(newer.stores().takeOver(ALICE, STORE)).isPresent();
    assertThat(newer.collecting().run().failure()).isEmpty();
    push(newer, "v4", "four");
    assertPullable(newer, "one", "two", "four");
    // The older one still runs, and is told when it comes to the store next.
    assertThatThrownBy(() -> push(older, "v5", "five"))
        .isInstanceOf(RegistryUnavailableException.class)
        .hasMessageContaining(TAKE_OVER);
    assertKeepsOff(older, "is ahead of the log");
  }

  @Test
  @DisplayName(
      "53: an older store is still the log's, and so is one that is older together with it")
  void olderStore() throws Exception {
    TestDatabase live = database();
    Registry registry = over(live);
    push(registry, "v1", "one");
    stop();
    TestDatabase backup = copyOf(live);
    String older = store.marker().orElseThrow();
    List<StoredObject> before = objects();
    registry = over(live);
    push(registry, "v2", "two");
    stop();
    // As after a crash between the commits and the marker.
    storage.overwrite(STORE, "marker", ParityRows.bytes(older));
    reopenStore();
    Registry crashed = over(live);
    crashed.stores().claim();
    assertThat(crashed.health().alarms()).isEmpty();
    stop();
    // The store is restored from a backup that was made with that of the database.
    for (StoredObject object : objects()) {
      if (!before.contains(object)) {
        storage.remove(STORE, object.key().value());
      }
    }
    storage.overwrite(STORE, "marker", ParityRows.bytes(older));
    reopenStore();
    Registry newer = over(live);
    newer.stores().claim();
    assertThat(newer.health().alarms())
        .singleElement()
        .asString()
        .contains("of 2 uploads", "2 are missing", "'stele fsck'", "'stele scrub'");
    assertPullable(newer, "one");
    push(newer, "v2", "two");
    assertPullable(newer, "one", "two");
    stop();

    for (StoredObject object : objects()) {
      if (!before.contains(object)) {
        storage.remove(STORE, object.key().value());
      }
    }
    storage.overwrite(STORE, "marker", ParityRows.bytes(older));
    reopenStore();
    Registry both = over(backup);
    push(both, "v3", "three");
    assertThat(both.collecting().run().failure()).isEmpty();
    assertPullable(both, "one", "three");
  }

  private void reopenStore() throws IOException {
    store.close();
    store = storage.open(STORE);
  }

  @Test
  @DisplayName(
      "53: a store with content and no marker, and an empty one that the log knows as full")
  void unmarkedStores() throws Exception {
    assertThat(
            store.put(
                digest("whose"),
                OptionalLong.empty(),
                new ByteArrayInputStream(ParityRows.bytes("whose"))))
        .isNotNull();
    Registry registry = over(database());
    assertKeepsOff(registry, "has objects or uploads, and no marker");
    assertThat(registry.stores().takeOver(ALICE, STORE)).isPresent();
    push(registry, "v1", "one");
    for (StoredObject object : objects()) {
      storage.remove(STORE, object.key().value());
    }
    storage.remove(STORE, "marker");
    reopenStore();
    opened.removeLast().close();
    TestDatabase same = (TestDatabase) opened.getLast();
    assertKeepsOff(over(same), "is empty, but the log has blobs in it");
  }
}
