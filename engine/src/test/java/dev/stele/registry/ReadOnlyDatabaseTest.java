package dev.stele.registry;

import static dev.stele.registry.TestClient.ALICE;
import static dev.stele.registry.TestClient.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.blob.BlobContent;
import dev.stele.blob.BlobStores;
import dev.stele.blob.DiskBlobStore;
import dev.stele.database.Database;
import dev.stele.database.EmbeddedPostgres;
import dev.stele.database.TestDatabase;
import dev.stele.engine.Engine;
import dev.stele.gc.GcOptions;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A database that may only be read, as where its storage is full, or a standby: everything can be
 * pulled, reachable or not.
 */
class ReadOnlyDatabaseTest {
  private static final Duration GRACE = Duration.ofSeconds(1);
  private static final RegistryOptions OPTIONS =
      RegistryOptions.DEFAULT.withGc(GcOptions.DEFAULT.withGrace(GRACE));
  private static final RepositoryName APP = RepositoryName.parse("app");
  private static final Tag V1 = Tag.parse("v1");

  @TempDir private Path folder;
  private Digest config;
  private Digest image;

  /** A blob that nobody uses and that is known to be unreachable. */
  private Digest loose;

  @Test
  void whatCannotBeWrittenCanBeReadAndPromisedAndIsPushedWhenItCanBeWrittenAgain()
      throws Exception {
    try (RegistryFixture fixture = RegistryFixture.onDisk(folder, OPTIONS)) {
      Registry registry = fixture.registry();
      push(registry);
      assertThat(registry.health().alarms()).isEmpty();
      Thread.sleep(GRACE.plusMillis(2_200)); // also until the database is looked at again
      fixture.testDatabase().readOnly(true);
      assertReads(registry);
      assertThat(registry.health().alarms())
          .singleElement()
          .asString()
          .contains("may only be read");
      assertThat(fixture.meters().get("stele.alarm").tag("alarm", "database").gauge().value())
          .isEqualTo(1);
      assertThatThrownBy(() -> registry.deleteTag(ALICE, APP, V1))
          .isInstanceOf(RegistryUnavailableException.class);
      assertThat(registry.collecting().run().failure()).isPresent();
      assertThat(registry.blobSize(APP, loose)).isInstanceOf(Outcome.Ok.class);
      fixture.testDatabase().readOnly(false);

      // The pool's idle sessions were ended, and a collection tries each failure the next time.
      int collections = 0;
      while (registry.collecting().run().failure().isPresent()) {
        assertThat(++collections).isLessThan(50);
      }
      assertThat(putImage(registry, Tag.parse("v2"), loose))
          .as("what was promised meanwhile is kept")
          .isInstanceOf(Outcome.Ok.class);
      assertThat(registry.upkeep().verifyProjections().equal()).isTrue();
    }
  }

  @Test
  void aStandbyServesPulls() throws Exception {
    Path cluster = folder.resolve("postgresql");
    try (DiskBlobStore store = new DiskBlobStore(folder.resolve("blobs"))) {
      try (EmbeddedPostgres primary = TestDatabase.startServer(cluster);
          Database database = open(primary);
          Engine engine = engine(database, store)) {
        push(engine.registry());
      }
      Files.createFile(cluster.resolve("data").resolve("standby.signal"));
      try (EmbeddedPostgres standby = TestDatabase.startServer(cluster);
          Database database = open(standby);
          Engine engine = engine(database, store)) {
        Registry registry = engine.registry();
        assertReads(registry);
        assertThatThrownBy(() -> registry.deleteTag(ALICE, APP, V1))
            .isInstanceOf(RegistryUnavailableException.class);
      }
    }
  }

  private static Database open(EmbeddedPostgres server) {
    return Database.open(
        new Database.Settings(server.jdbcUrl(), server.user(), server.password(), 4),
        new SimpleMeterRegistry());
  }

  private static Engine engine(Database database, DiskBlobStore store) {
    return new Engine(
        database.jdbi(),
        database.audit(),
        database::openDedicated,
        new BlobStores(store),
        OPTIONS,
        new SimpleMeterRegistry());
  }

  private void push(Registry registry) throws IOException {
    config = TestClient.upload(registry, APP, "{}");
    image = ok(putImage(registry, V1, config)).digest();
    loose = TestClient.upload(registry, APP, "loose");
    while (registry.collecting().follow() > 0) {
      // until the view knows what is loose
    }
    // The index of events is built when it is asked.
    assertThat(registry.log().events(-1, 1, EventFilter.ALL)).isNotEmpty();
  }

  private void assertReads(Registry registry) throws IOException {
    registry.health().checkReady();
    assertThat(registry.repositories(Optional.empty(), 10).items()).containsExactly(APP);
    assertThat(registry.tags(APP, Optional.empty(), 10)).isInstanceOf(Outcome.Ok.class);
    assertThat(registry.archive().tagHistory(APP, V1, 10, Optional.empty()))
        .isInstanceOf(Outcome.Ok.class);
    assertThat(registry.manifest(APP, V1)).isInstanceOf(Outcome.Ok.class);
    assertThat(registry.manifest(APP, new Reference.ByDigest(image)))
        .isInstanceOf(Outcome.Ok.class);
    registry.pulls().recordManifest(ALICE, APP, image, Optional.of(V1));
    for (Digest blob : List.of(config, loose)) {
      assertThat(registry.blobSize(APP, blob)).isInstanceOf(Outcome.Ok.class);
      try (BlobContent content = ok(registry.blob(APP, blob))) {
        assertThat(content.size()).isPositive();
      }
    }
    assertThat(registry.blobSize(APP, Digest.of(Digest.Algorithm.SHA256, new byte[9])))
        .isInstanceOf(Outcome.Refused.class);
    assertThat(registry.referrers(APP, image, Optional.empty(), Optional.empty(), 10).items())
        .isEmpty();
    assertThat(registry.log().events(-1, 10, EventFilter.ALL)).isNotEmpty();
  }

  private static Outcome<PutManifest> putImage(Registry registry, Tag tag, Digest config) {
    return TestClient.tryPush(registry, APP, tag, TestManifest.artifact(config));
  }
}
