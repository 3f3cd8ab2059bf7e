package dev.stele.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.oci.Digest.Algorithm;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract of a store that is observed, and what is told of it. */
@SuppressWarnings("InputStreamSlowMultibyteRead") // bodies of a test
class ObservedBlobStoreTest extends BlobStoreContract {
  @TempDir Path folder;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  @Override
  protected BlobStore openStore() throws IOException {
    return new BlobStores(new DiskBlobStore(folder.resolve("blobs")))
        .observed(meters)
        .all()
        .getFirst()
        .store();
  }

  private long calls(String operation, String outcome) {
    return meters
        .get("stele.store.calls")
        .tags("store", "default", "operation", operation, "outcome", outcome)
        .timer()
        .count();
  }

  private double bytes(String direction) {
    return meters
        .get("stele.store.bytes")
        .tags("store", "default", "direction", direction)
        .counter()
        .count();
  }

  @Test
  void countsCallsAndBytes() throws Exception {
    byte[] bytes = new byte[100_000];
    StoredObject object =
        store.put(sha256(bytes), OptionalLong.empty(), new ByteArrayInputStream(bytes));
    try (BlobContent content = store.open(object.key())) {
      try (InputStream part = content.stream(1_000, 5_000)) {
        assertThat(part.readAllBytes()).hasSize(5_000);
      }
      content.transferred(7);
    }
    assertThat(calls("put", "ok")).isEqualTo(1);
    assertThat(calls("open", "ok")).isEqualTo(1);
    assertThat(calls("read", "ok")).isEqualTo(1);
    assertThat(bytes("written")).isEqualTo(100_000);
    assertThat(bytes("read")).isEqualTo(5_007);
  }

  @Test
  void whatTheCallerAskedOrSentWrongIsRefused() {
    assertThatThrownBy(() -> store.cancel(REPOSITORY, UploadId.random()))
        .isInstanceOf(UnknownUploadException.class);
    assertThatThrownBy(() -> store.open(new ObjectKey("none")))
        .isInstanceOf(NoSuchObjectException.class);
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("the client is gone");
          }
        };
    assertThatThrownBy(() -> store.put(sha256(HELLO), OptionalLong.empty(), broken))
        .isInstanceOf(BodyReadException.class);
    assertThat(calls("cancel", "refused")).isEqualTo(1);
    assertThat(calls("open", "refused")).isEqualTo(1);
    assertThat(calls("put", "refused")).isEqualTo(1);
  }

  @Test
  void aBlobThatIsTooLargeIsNoFailureOfTheStore() {
    BlobTooLargeException large = new BlobTooLargeException("too large");
    StoreMeasurements.Call call = new StoreMeasurements("team", meters).start("append");
    assertThat(call.failed(large)).isSameAs(large);
    call.stop();
    assertThat(
            meters.get("stele.store.calls").tags("store", "team").timer().getId().getTag("outcome"))
        .isEqualTo("refused");
  }

  @Test
  void aFailureNamesTheStore() throws Exception {
    Path blobs = folder.resolve("blobs");
    Files.move(blobs, folder.resolve("away"));
    Files.writeString(blobs, "no folder");
    try {
      assertThatExceptionOfType(StoreUnavailableException.class)
          .isThrownBy(() -> store.begin(REPOSITORY, Algorithm.SHA256))
          .satisfies(e -> assertThat(e.store()).isEqualTo("default"))
          .withMessageStartingWith("blob store default cannot be used: ")
          .withMessageContaining(blobs.toString());
      assertThatExceptionOfType(StoreUnavailableException.class)
          .isThrownBy(
              () ->
                  store.put(sha256(HELLO), OptionalLong.empty(), new ByteArrayInputStream(HELLO)));
    } finally {
      Files.delete(blobs);
      Files.move(folder.resolve("away"), blobs);
    }
    assertThat(calls("begin", "failed")).isEqualTo(1);
    assertThat(calls("put", "failed")).isEqualTo(1);
    store.delete(List.of());
  }
}
