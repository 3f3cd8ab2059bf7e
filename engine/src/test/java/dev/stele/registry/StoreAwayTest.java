package dev.stele.registry;

import static dev.stele.registry.TestClient.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.stele.blob.BlobContent;
import dev.stele.blob.BlobStores;
import dev.stele.blob.DiskBlobStore;
import dev.stele.blob.StoredObject;
import dev.stele.claim.StoreClaims;
import dev.stele.database.Database;
import dev.stele.database.TestDatabase;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is in a store cannot be read for a while: that is no reason to say that it is gone. */
class StoreAwayTest {
  private static final RepositoryName APP = RepositoryName.parse("app");
  private static final byte[] BYTES = {1, 2, 3};
  private static final Digest DIGEST = Digest.of(Digest.Algorithm.SHA256, BYTES);

  @TempDir private Path folder;
  private Path blobs;
  private DiskBlobStore store;
  private RegistryFixture fixture;
  private Registry registry;

  @BeforeEach
  void push() throws Exception {
    blobs = folder.resolve("blobs");
    store = new DiskBlobStore(blobs);
    fixture = new RegistryFixture(store);
    registry = fixture.registry();
    TestClient.upload(registry, APP, BYTES);
  }

  @AfterEach
  void close() throws IOException {
    fixture.close();
    store.close();
  }

  private void assertThereAndReady() throws IOException {
    assertThatNoException().isThrownBy(registry.health()::checkReady);
    assertThat(registry.health().alarms()).isEmpty();
    assertThat(registry.blobFacts(APP, DIGEST)).isInstanceOf(Outcome.Ok.class);
    try (BlobContent content = ok(registry.blob(APP, DIGEST))) {
      assertThat(content.size()).isEqualTo(BYTES.length);
    }
  }

  private void assertAway() {
    assertThatExceptionOfType(Exception.class)
        .isThrownBy(() -> registry.blob(APP, DIGEST))
        .isInstanceOfAny(RegistryUnavailableException.class, IOException.class);
    assertThatExceptionOfType(Exception.class)
        .isThrownBy(() -> registry.blobFacts(APP, DIGEST))
        .isInstanceOfAny(RegistryUnavailableException.class, IOException.class);
    assertThatExceptionOfType(RegistryUnavailableException.class)
        .isThrownBy(registry.health()::checkReady);
  }

  @Test
  void aFolderThatIsGoneIsAway() throws Exception {
    assertThereAndReady();
    Path elsewhere = folder.resolve("elsewhere");
    Files.move(blobs, elsewhere);
    assertAway();
    assertThatExceptionOfType(RegistryUnavailableException.class)
        .isThrownBy(registry.health()::checkReady)
        .withMessageContaining("blob store default")
        .withMessageContaining(blobs + ": the folder is gone, or what was in it: mount it");
    Files.move(elsewhere, blobs);
    assertThereAndReady();
  }

  @Test
  void aFolderThatLostItsMarkerIsNotReady() throws Exception {
    Path elsewhere = folder.resolve("marker");
    Files.move(blobs.resolve("marker"), elsewhere);
    assertThatExceptionOfType(RegistryUnavailableException.class)
        .isThrownBy(registry.health()::checkReady)
        .withMessageContaining("store default has objects or uploads, and no marker")
        .withMessageContaining("stele store take-over default");
    Files.move(elsewhere, blobs.resolve("marker"));
    assertThereAndReady();
  }

  /** As where its disk is not mounted. */
  @Test
  void anEmptyFolderInItsPlaceIsAway() throws Exception {
    Path elsewhere = folder.resolve("elsewhere");
    Files.move(blobs, elsewhere);
    try (Stream<Path> folders = Files.list(elsewhere)) {
      for (Path each : folders.filter(Files::isDirectory).toList()) {
        Files.createDirectories(blobs.resolve(each.getFileName()));
      }
    }
    assertAway();
    try (Stream<Path> all = Files.walk(blobs)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
    Files.move(elsewhere, blobs);
    assertThereAndReady();
  }

  @Test
  void whatIsMissingFromAStoreThatIsThereIsAbsent() throws Exception {
    List<StoredObject> objects;
    try (Stream<StoredObject> all = store.objects()) {
      objects = all.toList();
    }
    store.delete(objects.stream().map(StoredObject::key).toList());
    assertThat(registry.blob(APP, DIGEST)).isInstanceOf(Outcome.Refused.class);
    assertThat(registry.blobFacts(APP, DIGEST)).isInstanceOf(Outcome.Refused.class);
    assertThatNoException().isThrownBy(registry.health()::checkReady);
  }

  /** Pulls go on, so that load balancers must not turn away. */
  @Test
  void ofAStoreThatSomebodyElseTookOverAnAlarmTells() throws Exception {
    try (TestDatabase other = TestDatabase.create();
        Database database = other.open()) {
      StoreClaims claims = new StoreClaims(database.jdbi(), new BlobStores(store));
      BlobStores.Named named = new BlobStores(store).all().getFirst();
      assertThat(claims.takeOver(named, store.marker())).isTrue();
    }
    assertThatNoException().isThrownBy(registry.health()::checkReady);
    assertThat(registry.health().alarms())
        .singleElement()
        .asString()
        .contains("belongs to another registry", "take-over");
    try (BlobContent content = ok(registry.blob(APP, DIGEST))) {
      assertThat(content.size()).isEqualTo(BYTES.length);
    }
  }
}
