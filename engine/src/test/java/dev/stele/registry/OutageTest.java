package dev.stele.registry;

import static dev.stele.registry.TestClient.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.blob.BlobStores;
import dev.stele.blob.Chunk;
import dev.stele.blob.DiskBlobStore;
import dev.stele.blob.StoredObject;
import dev.stele.blob.UnknownUploadException;
import dev.stele.blob.UploadId;
import dev.stele.blob.UploadStatus;
import dev.stele.engine.Engine;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What callers notice of a database that goes away and comes back. */
class OutageTest {
  private static final RepositoryName APP = RepositoryName.parse("app");
  private static final byte[] CONTENT = {1, 2, 3};
  private static final Digest DIGEST = Digest.of(Digest.Algorithm.SHA256, CONTENT);

  @TempDir Path folder;
  private DiskBlobStore store;
  private RegistryFixture fixture;
  private Registry registry;

  /** A session of the test's own, from which it rules the others. */
  private Connection owner;

  @BeforeEach
  void open() throws Exception {
    store = new DiskBlobStore(folder);
    fixture = new RegistryFixture(store);
    registry = fixture.registry();
    owner = fixture.testDatabase().connect();
  }

  @AfterEach
  void close() throws Exception {
    owner.close();
    fixture.close();
    store.close();
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = owner.createStatement()) {
      statement.execute(sql);
    }
  }

  /** The pool pauses up to 5 s between its attempts, so it takes a moment to notice. */
  private void letDatabaseBack() {
    fixture.testDatabase().allowConnections(true);
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (true) {
      try {
        registry.health().checkReady();
        return;
      } catch (RegistryUnavailableException e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
      }
    }
  }

  private void endSession(int pid) {
    try {
      execute("SELECT pg_terminate_backend(%d, 5000)".formatted(pid));
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private void endSessions() throws SQLException {
    execute(
        """
        SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
        """);
  }

  private Outcome<Digest> putBlob(Caller caller) throws Exception {
    return registry.putBlob(
        caller, APP, DIGEST, OptionalLong.of(CONTENT.length), new ByteArrayInputStream(CONTENT));
  }

  /** As after a restart of the server, when the pool's connections are dead and do not know. */
  @Test
  void aReadGoesOnThoughOneSessionAfterTheOtherIsLost() {
    AtomicInteger sessions = new AtomicInteger();
    int answer =
        Availability.read(
            fixture.database().jdbi(),
            handle -> {
              if (sessions.incrementAndGet() <= 5) {
                endSession(
                    handle.createQuery("SELECT pg_backend_pid()").mapTo(Integer.class).one());
              }
              return handle.createQuery("SELECT 7").mapTo(Integer.class).one();
            });
    assertThat(answer).isEqualTo(7);
    assertThat(sessions).hasValue(6);
  }

  @Test
  void anOutageIsSaidToBeOneAndEndsByItself() throws Exception {
    assertThat(putBlob(ALICE)).isEqualTo(Outcome.ok(DIGEST));
    fixture.testDatabase().allowConnections(false);
    endSessions();
    assertThatThrownBy(() -> registry.exists(APP))
        .isInstanceOf(RegistryUnavailableException.class)
        .hasMessageContaining("the database is away");
    assertThatThrownBy(() -> registry.health().checkReady())
        .isInstanceOf(RegistryUnavailableException.class);
    assertThatThrownBy(() -> registry.deleteTag(ALICE, APP, Tag.parse("t")))
        .as("an actor who is known, so that the lane is asked")
        .isInstanceOf(RegistryUnavailableException.class);
    assertThatThrownBy(
            () -> registry.deleteTag(new Caller("somebody new", "r"), APP, Tag.parse("t")))
        .isInstanceOf(RegistryUnavailableException.class);
    assertThatThrownBy(() -> registry.upkeep().verifyProjections())
        .isInstanceOf(RegistryUnavailableException.class);
    letDatabaseBack();
    assertThat(registry.exists(APP)).isTrue();
    assertThat(registry.deleteBlob(ALICE, APP, DIGEST)).isEqualTo(Outcome.ok(DIGEST));
    assertThat(registry.upkeep().verifyProjections().equal()).isTrue();
  }

  /** The lane of another node holds the log's lock, and nothing more is heard of it. */
  @Test
  void aNodeThatFreezesInItsTransactionDoesNotStopTheOthers() throws Exception {
    try (Connection frozen = fixture.database().openDedicated();
        Statement statement = frozen.createStatement()) {
      frozen.setAutoCommit(false);
      statement.execute("SELECT lock_log()");
      assertThat(putBlob(ALICE)).isEqualTo(Outcome.ok(DIGEST));
      assertThatThrownBy(frozen::commit).isInstanceOf(SQLException.class);
    }
    assertThat(registry.upkeep().verifyProjections().equal()).isTrue();
  }

  @Test
  void abandonedUploadsEndWithoutTheDatabase() throws Exception {
    UploadId id = store.begin(APP, Digest.Algorithm.SHA256);
    fixture.testDatabase().allowConnections(false);
    endSessions();
    try (UploadExpiry expiry = new UploadExpiry(new BlobStores(store), Duration.ofMillis(10))) {
      long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
      while (true) {
        try {
          UploadStatus _ = store.status(APP, id);
          assertThat(System.nanoTime()).isLessThan(deadline);
          Thread.sleep(20);
        } catch (UnknownUploadException e) {
          break;
        }
      }
      assertThat(expiry).isNotNull();
    }
    letDatabaseBack();
  }

  @Test
  void whatIsSaidOfAnOutageHasNothingOfTheDatabase() throws Exception {
    assertThat(putBlob(ALICE)).isEqualTo(Outcome.ok(DIGEST));
    fixture.testDatabase().readOnly(true);
    assertThatThrownBy(() -> registry.deleteBlob(ALICE, APP, DIGEST))
        .hasMessage("the database may only be read");
    fixture.testDatabase().readOnly(false);
  }

  @Test
  void aLockThatSomebodyHoldsIsSaidToBeOne() throws Exception {
    assertThat(putBlob(ALICE)).isEqualTo(Outcome.ok(DIGEST));
    owner.setAutoCommit(false);
    for (String table : List.of("store_claim", "event", "blob_link")) {
      execute("LOCK TABLE " + table + " IN SHARE MODE");
      if (table.equals("store_claim")) {
        // Only a new process asks for it.
        execute("LOCK TABLE store_claim");
        Engine another =
            new Engine(
                fixture.database().jdbi(),
                fixture.database().audit(),
                fixture.database()::openDedicated,
                new BlobStores(store),
                RegistryOptions.DEFAULT,
                new SimpleMeterRegistry());
        try (another) {
          assertThatThrownBy(() -> another.registry().uploads().begin(APP, Digest.Algorithm.SHA256))
              .isInstanceOf(RegistryUnavailableException.class)
              .hasMessage("the database is locked by another session");
        }
      } else {
        assertThatThrownBy(() -> registry.deleteBlob(ALICE, APP, DIGEST))
            .as(table)
            .isInstanceOf(RegistryUnavailableException.class)
            .hasMessageStartingWith("the database is locked by another session");
      }
      owner.rollback();
    }
    owner.setAutoCommit(true);
    assertThat(registry.deleteBlob(ALICE, APP, DIGEST)).isEqualTo(Outcome.ok(DIGEST));
  }

  @Test
  void anUploadWhoseEventIsNotCommittedIsNoBlob() throws Exception {
    UploadId id = registry.uploads().begin(APP, Digest.Algorithm.SHA256).id();
    fixture.testDatabase().allowConnections(false);
    endSessions();
    assertThatThrownBy(
            () ->
                registry
                    .uploads()
                    .finish(
                        ALICE, APP, id, Chunk.streamed(new ByteArrayInputStream(CONTENT)), DIGEST))
        .isInstanceOf(RegistryUnavailableException.class);
    letDatabaseBack();
    assertThat(registry.blobSize(APP, DIGEST))
        .isEqualTo(Outcome.refused(new Refusal.UnknownRepository(APP)));
    try (Stream<StoredObject> orphans = store.objects()) {
      assertThat(orphans).as("left for the collector").hasSize(1);
    }
    assertThat(putBlob(ALICE)).isEqualTo(Outcome.ok(DIGEST));
    assertThat(registry.blobSize(APP, DIGEST)).isEqualTo(Outcome.ok((long) CONTENT.length));
  }
}
