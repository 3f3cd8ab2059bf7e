package dev.stele.verify;

import static dev.stele.registry.TestClient.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.blob.BlobStore;
import dev.stele.blob.DiskBlobStore;
import dev.stele.blob.ObjectKey;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.registry.EventEntry;
import dev.stele.registry.EventFilter;
import dev.stele.registry.Outcome;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.TestClient;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What scrubbing does with a store that fails; what it finds is in the storage contract. */
@Timeout(60)
class ScrubTest {
  private static final RepositoryName APP = RepositoryName.parse("app");
  private static final long UNLIMITED = Long.MAX_VALUE;

  @TempDir Path folder;
  private BlobStore disk;
  private RegistryFixture fixture;
  private final List<Finding> findings = new ArrayList<>();

  /** What opening an object does first. */
  private Opening opening = _ -> {};

  private boolean away;

  @FunctionalInterface
  private interface Opening {
    void before(ObjectKey key) throws IOException;
  }

  @BeforeEach
  void open() throws IOException {
    disk = new DiskBlobStore(folder);
    fixture =
        new RegistryFixture(
            (BlobStore)
                Proxy.newProxyInstance(
                    getClass().getClassLoader(),
                    new Class<?>[] {BlobStore.class},
                    (_, method, arguments) -> {
                      if (method.getName().equals("open")) {
                        opening.before((ObjectKey) arguments[0]);
                      } else if (method.getName().equals("probe") && away) {
                        throw new IOException("away");
                      }
                      try {
                        return method.invoke(disk, arguments);
                      } catch (InvocationTargetException e) {
                        throw e.getCause();
                      }
                    }));
  }

  @AfterEach
  void close() throws IOException {
    fixture.close();
    disk.close();
  }

  private Digest put(String content) throws IOException {
    return TestClient.upload(fixture.registry(), APP, content);
  }

  private Scrub.Summary scrub() throws IOException {
    findings.clear();
    return fixture.registry().stores().scrub(ALICE, UNLIMITED, findings::add, (_, _, _) -> {});
  }

  private List<String> types() {
    return fixture.registry().log().events(-1, 100, EventFilter.ALL).stream()
        .map(EventEntry::type)
        .toList();
  }

  private void unreadable(Digest digest) {
    opening =
        key -> {
          if (key.value().contains(digest.hex())) {
            throw new IOException("bad sector");
          }
        };
  }

  @Test
  void anObjectThatAWorkingStoreCannotReadIsFoundAndReplacedByAPush() throws IOException {
    Digest bad = put("bad");
    put("good");
    unreadable(bad);
    assertThat(scrub()).isEqualTo(new Scrub.Summary(0, 2, 4, 1, 1));
    assertThat(findings)
        .singleElement()
        .isInstanceOfSatisfying(
            Finding.ObjectUnreadable.class,
            finding -> assertThat(finding.reason()).contains("bad sector"));
    assertThat(fixture.registry().blobSize(APP, bad)).isInstanceOf(Outcome.Refused.class);
    put("bad");
    opening = _ -> {};
    assertThat(fixture.registry().blobSize(APP, bad)).isEqualTo(Outcome.ok(3L));
    assertThat(scrub().sound()).isTrue();
  }

  @Test
  void ofAStoreThatIsAwayItSaysWhatWasNotLookedAtAndRecordsNothing() throws IOException {
    Digest digest = put("content");
    unreadable(digest);
    away = true;
    assertThat(scrub().sound()).isFalse();
    assertThat(findings)
        .singleElement()
        .extracting(Finding::what)
        .asString()
        .contains("store default could not be looked at whole", "away");
    assertThat(types()).containsExactly("RepositoryCreated", "BlobUploaded");
  }

  @Test
  void whatIsDeletedWhileItIsLookedAtIsNoFinding() throws Exception {
    Digest digest = put("swept");
    opening =
        key -> {
          disk.delete(List.of(key));
          fixture
              .database()
              .jdbi()
              .useHandle(
                  handle ->
                      handle
                          .createUpdate("DELETE FROM blob_object WHERE digest = :digest")
                          .bind("digest", digest)
                          .execute());
        };
    assertThat(scrub()).isEqualTo(new Scrub.Summary(0, 1, 0, 0, 0));
    assertThat(findings).isEmpty();
  }

  @Test
  void anInterruptStopsIt() throws Exception {
    put("one byte a second");
    CountDownLatch reading = new CountDownLatch(1);
    opening = _ -> reading.countDown();
    FutureTask<Scrub.Summary> scrub =
        new FutureTask<>(
            () -> fixture.registry().stores().scrub(ALICE, 1, findings::add, (_, _, _) -> {}));
    Thread thread = Thread.ofVirtual().start(scrub);
    reading.await();
    thread.interrupt();
    assertThatThrownBy(scrub::get)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(IOException.class);
    assertThat(types()).containsExactly("RepositoryCreated", "BlobUploaded");
  }
}
