package dev.stele.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How much a folder takes. */
class DiskLimitsTest {
  private static final RepositoryName APP = RepositoryName.parse("app");

  @TempDir private Path folder;

  private static Chunk bytes(int count) {
    return Chunk.streamed(new ByteArrayInputStream(new byte[count]));
  }

  @Test
  void belowTheReserveNothingIsTakenButAllIsReadAndEnded() throws Exception {
    byte[] content = {1, 2, 3};
    Digest digest = Digest.of(Digest.Algorithm.SHA256, content);
    StoredObject object;
    UploadId id;
    try (DiskBlobStore store = new DiskBlobStore(folder)) {
      object = store.put(digest, OptionalLong.empty(), new ByteArrayInputStream(content));
      id = store.begin(APP, Digest.Algorithm.SHA256);
    }
    DiskLimits full = new DiskLimits(OptionalLong.of(Long.MAX_VALUE / 2), 10, 1000);
    try (DiskBlobStore store = new DiskBlobStore(folder, full)) {
      assertThatThrownBy(() -> store.begin(APP, Digest.Algorithm.SHA256))
          .isInstanceOf(InsufficientStorageException.class)
          .hasMessageContaining("reserved")
          .hasMessageNotContaining("wanted");
      assertThatThrownBy(() -> store.append(APP, id, bytes(1)))
          .isInstanceOf(InsufficientStorageException.class)
          .hasMessageContaining("are wanted");
      assertThatThrownBy(
              () -> store.put(digest, OptionalLong.of(3), new ByteArrayInputStream(content)))
          .isInstanceOf(InsufficientStorageException.class);
      store.probe();
      assertThat(store.alarm("default").orElseThrow()).contains("default", "make room");
      assertThat(store.size(object.key())).hasValue(3);
      store.cancel(APP, id);
    }
  }

  @Test
  void openUploadsAndTheirBytesAreLimitedAndCountedAgainAfterAStart() throws Exception {
    DiskLimits limits = new DiskLimits(OptionalLong.of(0), 2, 100);
    UploadId one;
    UploadId two;
    try (DiskBlobStore store = new DiskBlobStore(folder, limits)) {
      one = store.begin(APP, Digest.Algorithm.SHA256);
      two = store.begin(APP, Digest.Algorithm.SHA256);
      UploadStatus _ = store.append(APP, one, bytes(60));
      assertThat(store.alarm("default")).isEmpty();
      assertTooMuch(store, two, 41);
      UploadStatus _ = store.append(APP, two, bytes(40));
    }
    try (DiskBlobStore store = new DiskBlobStore(folder, limits)) {
      assertThatThrownBy(() -> store.begin(APP, Digest.Algorithm.SHA256))
          .isInstanceOf(InsufficientStorageException.class);
      assertTooMuch(store, one, 1);
      store.cancel(APP, one);
      UploadStatus _ = store.append(APP, two, bytes(60));
      Digest digest = Digest.of(Digest.Algorithm.SHA256, new byte[100]);
      StoredObject _ = store.finish(APP, two, bytes(0), digest);
      UploadId three = store.begin(APP, Digest.Algorithm.SHA256);
      UploadStatus _ = store.append(APP, three, bytes(100));
    }
  }

  @Test
  void whoOpensManyAndSendsNothingKeepsNobodyFromUploading() throws Exception {
    DiskLimits limits = new DiskLimits(OptionalLong.of(0), 3, 1000);
    try (DiskBlobStore store = new DiskBlobStore(folder, limits)) {
      UploadId used = store.begin(APP, Digest.Algorithm.SHA256);
      UploadStatus _ = store.append(APP, used, bytes(10));
      UploadId oldest = store.begin(APP, Digest.Algorithm.SHA256);
      for (int i = 0; i < 20; i++) {
        UploadId _ = store.begin(APP, Digest.Algorithm.SHA256);
      }
      UploadId last = store.begin(APP, Digest.Algorithm.SHA256);
      assertThatThrownBy(() -> store.status(APP, oldest))
          .isInstanceOf(UnknownUploadException.class);
      Digest digest = Digest.of(Digest.Algorithm.SHA256, new byte[100]);
      StoredObject _ =
          store.put(digest, OptionalLong.of(100), new ByteArrayInputStream(new byte[100]));
      UploadStatus _ = store.append(APP, last, bytes(90));
      assertThat(store.finish(APP, last, bytes(10), digest).size()).isEqualTo(100);
      assertThat(store.status(APP, used).size()).isEqualTo(10);
      try (Stream<Path> sessions = Files.list(folder.resolve("uploads/app"))) {
        assertThat(sessions).hasSize(2);
      }
    }
  }

  private static void assertTooMuch(DiskBlobStore store, UploadId id, int count) {
    assertThatThrownBy(() -> store.append(APP, id, bytes(count)))
        .isInstanceOf(InsufficientStorageException.class)
        .satisfies(
            e -> assertThat(((InsufficientStorageException) e).told()).contains("open uploads"));
  }
}
