package dev.stele.registry;

import static dev.stele.registry.TestClient.ALICE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.BlobStores;
import dev.stele.blob.Chunk;
import dev.stele.blob.DiskBlobStore;
import dev.stele.blob.StoredObject;
import dev.stele.blob.UploadId;
import dev.stele.blob.UploadStatus;
import dev.stele.engine.Engine;
import dev.stele.gc.Collection;
import dev.stele.gc.GcOptions;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Objects that were stored and never recorded, as a crash in between leaves them. */
class OrphanTest {
  private static final Duration GRACE = Duration.ofMillis(200);
  private static final RepositoryName APP = RepositoryName.parse("team/app");

  @TempDir private Path folder;
  private DiskBlobStore store;
  private RegistryFixture fixture;
  private Registry registry;

  @BeforeEach
  void open() throws Exception {
    store = new DiskBlobStore(folder);
    fixture =
        new RegistryFixture(
            store, RegistryOptions.DEFAULT.withGc(GcOptions.DEFAULT.withGrace(GRACE)));
    registry = fixture.registry();
    registry.stores().claim();
  }

  @AfterEach
  void close() throws Exception {
    fixture.close();
    store.close();
  }

  private StoredObject store(String content) throws Exception {
    byte[] bytes = content.getBytes(UTF_8);
    return store.put(
        Digest.of(Digest.Algorithm.SHA256, bytes),
        OptionalLong.of(bytes.length),
        new ByteArrayInputStream(bytes));
  }

  private LinkBlob.Result record(String content, StoredObject stored) {
    return fixture
        .commands()
        .append(
            new LinkBlob(
                fixture.commands().initiator(ALICE),
                APP,
                Digest.of(Digest.Algorithm.SHA256, content.getBytes(UTF_8)),
                stored.size(),
                BlobStores.DEFAULT,
                stored.key().value(),
                Optional.empty(),
                Optional.empty()));
  }

  private Collection collect() throws InterruptedException {
    Thread.sleep(GRACE.plusMillis(50));
    return registry.collecting().run();
  }

  private long objects() throws Exception {
    try (Stream<StoredObject> objects = store.objects()) {
      return objects.count();
    }
  }

  @Test
  void anOrphanGoesWhenItHasBeenSeenForAGracePeriod() throws Exception {
    store("orphan");
    assertThat(record("recorded", store("recorded"))).isInstanceOf(LinkBlob.Result.Taken.class);
    assertThat(
            registry.blobSize(APP, Digest.of(Digest.Algorithm.SHA256, "recorded".getBytes(UTF_8))))
        .isEqualTo(Outcome.ok(8L));
    assertThat(registry.collecting().run().tally().orphans()).isZero();
    assertThat(objects()).isEqualTo(2);
    assertThat(collect().tally().orphans()).isEqualTo(1);
    assertThat(
            registry
                .log()
                .events(-1, 100, new EventFilter(Optional.empty(), Optional.of("OrphanSwept"))))
        .hasSize(1);
    try (Stream<StoredObject> left = store.objects()) {
      assertThat(left.map(StoredObject::size)).doesNotContain(6L);
    }
    assertThat(registry.upkeep().verifyProjections().equal()).isTrue();
  }

  @Test
  void anUploadThatIsRecordedInTimeIsNoOrphan() throws Exception {
    StoredObject slow = store("slow");
    assertThat(registry.collecting().run().tally().orphans()).isZero();
    assertThat(record("slow", slow)).isInstanceOf(LinkBlob.Result.Taken.class);
    assertThat(collect().tally().orphans()).isZero();
  }

  @Test
  void whatWasGivenUpCanNotBeRecordedAnyMore() throws Exception {
    StoredObject slow = store("slow");
    assertThat(registry.collecting().run().tally().orphans()).isZero();
    assertThat(collect().tally().orphans()).isEqualTo(1);
    assertThat(record("slow", slow)).isEqualTo(new LinkBlob.Result.GivenUp());
    assertThat(registry.exists(APP)).isFalse();
    // Uploaded again it has another key.
    assertThat(record("slow", store("slow"))).isInstanceOf(LinkBlob.Result.Taken.class);
  }

  @Test
  void whatAnotherLeaderSawForAGracePeriodGoesAtOnce() throws Exception {
    store("orphan");
    assertThat(registry.collecting().run().tally().orphans()).isZero();
    Thread.sleep(GRACE.plusMillis(50));
    try (Engine other =
        new Engine(
            fixture.database().jdbi(),
            fixture.database().jdbi(),
            fixture.database()::openDedicated,
            new BlobStores(store),
            RegistryOptions.DEFAULT.withGc(GcOptions.DEFAULT.withGrace(GRACE)),
            new SimpleMeterRegistry())) {
      assertThat(other.registry().collecting().run().tally().orphans()).isEqualTo(1);
    }
  }

  @Test
  void anUploadThatGoesOnIsNotAbandoned() throws Exception {
    UploadId id = store.begin(APP, Digest.Algorithm.SHA256);
    assertThat(registry.collecting().run().tally().uploads()).isZero();
    assertThat(
            store
                .append(APP, id, Chunk.streamed(new ByteArrayInputStream("more".getBytes(UTF_8))))
                .size())
        .isEqualTo(4);
    assertThat(collect().tally().uploads()).isZero();
    assertThat(collect().tally().uploads()).isEqualTo(1);
    try (Stream<UploadStatus> left = store.uploads()) {
      assertThat(left).isEmpty();
    }
  }
}
