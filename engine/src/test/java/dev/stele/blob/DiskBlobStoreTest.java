package dev.stele.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.oci.Digest;
import dev.stele.oci.Digest.Algorithm;
import dev.stele.oci.RepositoryName;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The contract on a local disk, and what only a disk does. */
@SuppressWarnings("InputStreamSlowMultibyteRead") // bodies of a test
class DiskBlobStoreTest extends BlobStoreContract {
  @TempDir Path folder;

  @Override
  protected BlobStore openStore() throws IOException {
    return new DiskBlobStore(folder.resolve("made/by/it"));
  }

  private Path root() {
    return folder.resolve("made/by/it");
  }

  private Path session(UploadId id) {
    return root().resolve("uploads/payments+api").resolve(id.toString());
  }

  /** Folders of repositories may stay, for their next uploads. */
  private void assertNoUploadLeft() throws IOException {
    try (Stream<Path> paths = Files.walk(root().resolve("uploads"))) {
      assertThat(paths).allMatch(Files::isDirectory);
    }
  }

  private void restart() throws IOException {
    store.close();
    store = openStore();
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("uploads go on after a restart, with a digest of either algorithm")
  void continuesAfterRestart(Algorithm expected) throws Exception {
    byte[] bytes = randomBytes(400_000);
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    store.append(REPOSITORY, id, Chunk.at(0, 100_000, in(bytes, 0, 100_000)));
    UploadStatus before = store.status(REPOSITORY, id);
    restart();
    assertThat(store.status(REPOSITORY, id)).isEqualTo(before);
    store.append(REPOSITORY, id, Chunk.at(100_000, 100_000, in(bytes, 100_000, 200_000)));
    restart();
    StoredObject object =
        store.finish(
            REPOSITORY,
            id,
            Chunk.at(200_000, 200_000, in(bytes, 200_000, 400_000)),
            Digest.of(expected, bytes));
    restart();
    assertThat(store.size(object.key())).hasValue(400_000);
    assertThat(root().resolve(object.key().value())).hasBinaryContent(bytes);
    assertNoUploadLeft();
  }

  @Test
  @DisplayName("what is still being written out when a request ends costs no upload anything")
  void goesOnWhileWritingOut() throws Exception {
    int chunk = 9 << 20; // a step, and enough beyond it to be written out as it is left
    byte[] bytes = randomBytes(3 * chunk);
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    store.append(REPOSITORY, id, Chunk.streamed(in(bytes, 0, chunk)));
    store.append(REPOSITORY, id, Chunk.streamed(in(bytes, chunk, 2 * chunk)));
    restart();
    store.append(REPOSITORY, id, Chunk.streamed(in(bytes, 2 * chunk, 3 * chunk)));
    StoredObject object = store.finish(REPOSITORY, id, Chunk.empty(), sha256(bytes));
    assertThat(root().resolve(object.key().value())).hasBinaryContent(bytes);
    UploadId cancelled = store.begin(REPOSITORY, Algorithm.SHA256);
    store.append(REPOSITORY, cancelled, Chunk.streamed(in(bytes)));
    store.cancel(REPOSITORY, cancelled);
    assertNoUploadLeft();
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "needs a /dev/null that cannot be synced")
  @DisplayName("an upload whose bytes cannot be written out after its request is given up")
  void givesUpWhatCannotBeWrittenOut() throws Exception {
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    Path data = session(id);
    Files.delete(data);
    Files.createSymbolicLink(data, Path.of("/dev/null"));
    try {
      store.append(REPOSITORY, id, Chunk.streamed(in(randomBytes(3 << 20))));
    } catch (UnknownUploadException e) {
      // Known before the request had ended.
    }
    restart(); // waits for what is being written out
    assertThatThrownBy(() -> store.status(REPOSITORY, id))
        .isInstanceOf(UnknownUploadException.class);
    assertNoUploadLeft();
  }

  @Test
  @DisplayName("the bytes in the file count after a restart, not those once received")
  void hashesTheFileAfterRestart() throws Exception {
    byte[] bytes = randomBytes(1000);
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    store.append(REPOSITORY, id, Chunk.streamed(in(bytes)));
    restart();
    Path data = session(id);
    byte[] damaged = bytes.clone();
    damaged[500] ^= 1;
    Files.write(data, damaged);
    assertThatThrownBy(() -> store.finish(REPOSITORY, id, Chunk.empty(), sha256(bytes)))
        .isInstanceOf(DigestMismatchException.class);
  }

  @Test
  @DisplayName("53: of many that replace the same marker at once, one succeeds")
  void oneReplacesTheMarker() throws Exception {
    int writers = 8;
    Optional<String> current = Optional.empty();
    for (int round = 0; round < 5; round++) {
      Optional<String> expected = current;
      int now = round;
      List<Callable<Optional<String>>> attempts =
          IntStream.range(0, writers)
              .<Callable<Optional<String>>>mapToObj(
                  n ->
                      () -> {
                        String next = "round %d by %d".formatted(now, n);
                        return store.mark(expected, next) ? Optional.of(next) : Optional.empty();
                      })
              .toList();
      try (ExecutorService threads = Executors.newFixedThreadPool(writers)) {
        List<String> won = new ArrayList<>();
        for (Future<Optional<String>> attempt : threads.invokeAll(attempts)) {
          attempt.get().ifPresent(won::add);
        }
        assertThat(won).hasSize(1);
        current = store.marker();
        assertThat(current).contains(won.getFirst());
      }
    }
  }

  @Test
  @DisplayName("a listing keeps nothing in memory: what goes before it is reached is not in it")
  void listsLazily() throws Exception {
    List<ObjectKey> keys = new ArrayList<>();
    for (int n = 0; n < 40; n++) {
      byte[] bytes = randomBytes(10 + n);
      keys.add(store.put(sha256(bytes), OptionalLong.empty(), in(bytes)).key());
    }
    try (Stream<StoredObject> objects = store.objects()) {
      Iterator<StoredObject> each = objects.iterator();
      StoredObject first = each.next();
      assertThat(keys).contains(first.key());
      store.delete(keys);
      int more = 0;
      while (each.hasNext()) {
        each.next();
        more++;
      }
      // The stream looks one ahead.
      assertThat(more).isLessThanOrEqualTo(1);
    }
  }

  @Test
  @DisplayName(
      "a folder belongs to one store; one beside it looks and removes, but takes no upload")
  void belongsToOne() throws Exception {
    byte[] bytes = randomBytes(10);
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    StoredObject object = store.put(sha256(bytes), OptionalLong.empty(), in(bytes));
    assertThatThrownBy(this::openStore)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("in use by another stele (pid ")
        .hasMessageContaining("give this one a folder of its own");
    try (BlobStore beside = DiskBlobStore.beside(root())) {
      assertThat(beside.size(object.key())).hasValue(10);
      assertThat(beside.status(REPOSITORY, id).size()).isZero();
      assertThatThrownBy(() -> beside.begin(REPOSITORY, Algorithm.SHA256))
          .hasMessageContaining("opened beside its server");
      assertThatThrownBy(() -> beside.put(sha256(bytes), OptionalLong.empty(), in(bytes)))
          .hasMessageContaining("opened beside its server");
      assertThatThrownBy(() -> beside.append(REPOSITORY, id, Chunk.streamed(in(bytes))))
          .isInstanceOf(UploadBusyException.class);
      assertThatThrownBy(() -> beside.cancel(REPOSITORY, id))
          .isInstanceOf(UploadBusyException.class);
      assertThat(beside.mark(Optional.empty(), "marked beside")).isTrue();
      beside.delete(List.of(object.key()));
    }
    assertThat(store.marker()).contains("marked beside");
    assertThat(store.size(object.key())).isEmpty();
    // The one beside is closed, and the folder is still the first one's.
    assertThatThrownBy(this::openStore).hasMessageContaining("in use by another stele");
    store.cancel(REPOSITORY, id);
    restart();
  }

  @Test
  @DisplayName("an object's key is algorithm, two digits, digest and generation")
  void namesObjects() throws Exception {
    byte[] bytes = {1};
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    Digest digest = sha256(bytes);
    StoredObject object = store.finish(REPOSITORY, id, Chunk.streamed(in(bytes)), digest);
    assertThat(object.key().value())
        .isEqualTo("sha256/%s/%s.%s".formatted(digest.hex().substring(0, 2), digest.hex(), id));
  }

  @Test
  @DisplayName("nothing but objects can be read or deleted by key")
  void staysAmongObjects() throws Exception {
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    assertThat(session(id)).exists();
    Path beside = Files.createFile(root().resolve("uploads/beside"));
    ObjectKey key = new ObjectKey("uploads/beside");
    assertThat(store.size(key)).isEmpty();
    assertThatThrownBy(() -> store.open(key)).isInstanceOf(NoSuchObjectException.class);
    store.delete(List.of(key));
    assertThat(beside).exists();
    String ofSession = "uploads/payments+api/" + id;
    for (String path :
        List.of(ofSession, "../x", "a/../../x", "/etc/passwd", "a//b", ".", "", "a\0b", "a/")) {
      assertThatThrownBy(() -> new ObjectKey(path)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  @DisplayName(
      "27: an object whose file was cut has another size, and what is open fails to read on")
  void showsCutObject() throws Exception {
    byte[] bytes = randomBytes(1000);
    StoredObject object = store.put(sha256(bytes), OptionalLong.empty(), in(bytes));
    try (BlobContent content = store.open(object.key())) {
      Files.write(root().resolve(object.key().value()), new byte[10]);
      assertThat(store.size(object.key())).hasValue(10);
      InputStream stream = content.stream(0, 1000);
      assertThatThrownBy(stream::readAllBytes).hasMessageContaining("ended at 10 of 1000");
    }
  }

  @Test
  @DisplayName("what is open stays readable when it is deleted")
  void readsDeletedObject() throws Exception {
    byte[] bytes = randomBytes(100_000);
    StoredObject object = store.put(sha256(bytes), OptionalLong.empty(), in(bytes));
    try (BlobContent content = store.open(object.key())) {
      store.delete(List.of(object.key()));
      assertThat(content.stream(10, 99_990).readAllBytes()).hasSize(99_990);
      assertThat(content.channel().orElseThrow().size()).isEqualTo(100_000);
    }
  }

  @Test
  @DisplayName("an interrupted request leaves the upload as it was before its chunk")
  void survivesInterrupt() throws Exception {
    byte[] bytes = randomBytes(300_000);
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    store.append(REPOSITORY, id, Chunk.streamed(in(bytes, 0, 100_000)));
    InputStream interrupting =
        new InputStream() {
          private final InputStream body = in(bytes, 100_000, 300_000);
          private int left = 100_000;

          @Override
          public int read() throws IOException {
            if (--left == 0) {
              Thread.currentThread().interrupt();
            }
            return body.read();
          }
        };
    assertThatThrownBy(() -> store.append(REPOSITORY, id, Chunk.streamed(interrupting)))
        .isInstanceOf(IOException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(store.status(REPOSITORY, id).size()).isEqualTo(100_000);
    StoredObject object =
        store.finish(REPOSITORY, id, Chunk.streamed(in(bytes, 100_000, 300_000)), sha256(bytes));
    assertThat(root().resolve(object.key().value())).hasBinaryContent(bytes);
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "needs /dev/full")
  @DisplayName("a full disk is told, and the upload goes on where it was when there is room again")
  void tellsFullDisk() throws Exception {
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    Path data = session(id);
    Files.delete(data);
    Files.createSymbolicLink(data, Path.of("/dev/full"));
    assertThatThrownBy(() -> store.append(REPOSITORY, id, Chunk.streamed(in(randomBytes(200_000)))))
        .isInstanceOf(InsufficientStorageException.class)
        .hasMessageContaining(root().toString());
    Files.delete(data);
    Files.createFile(data);
    assertThat(store.status(REPOSITORY, id).size()).isZero();
    byte[] bytes = randomBytes(1000);
    StoredObject object = store.finish(REPOSITORY, id, Chunk.streamed(in(bytes)), sha256(bytes));
    assertThat(root().resolve(object.key().value())).hasBinaryContent(bytes);
  }

  @Test
  @DisplayName("an upload that cannot be rolled back is given up")
  void givesUpWhatCannotBeRolledBack() throws Exception {
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    Path data = session(id);
    InputStream body =
        new InputStream() {
          @Override
          public int read() throws IOException {
            Files.delete(data);
            throw new IOException("connection reset");
          }
        };
    assertThatThrownBy(
            () -> store.finish(REPOSITORY, id, Chunk.at(0, 10, body), sha256(new byte[10])))
        .isInstanceOf(BodyReadException.class);
    assertThatThrownBy(() -> store.status(REPOSITORY, id))
        .isInstanceOf(UnknownUploadException.class);
    assertNoUploadLeft();
  }

  @Test
  @DisplayName("30: a folder that cannot be used is refused with its name")
  void refusesUnusableFolder() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    for (Path unusable : List.of(file, file.resolve("below"))) {
      assertThatThrownBy(() -> new DiskBlobStore(unusable))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(unusable.toString());
    }
  }

  @Test
  @DisplayName("a crash's litter goes at a start a day later; sessions and young files stay")
  void removesLitter() throws Exception {
    UploadId session = store.begin(REPOSITORY, Algorithm.SHA256);
    Path uploads = root().resolve("uploads");
    Path oldPut = Files.createFile(uploads.resolve(UploadId.random() + ".whole"));
    Path youngPut = Files.createFile(uploads.resolve(UploadId.random() + ".whole"));
    Path oldFile = Files.createFile(session(session).resolveSibling("no-id"));
    Path oldFolder = Files.createDirectory(uploads.resolve("empty"));
    FileTime old = FileTime.from(Instant.now().minus(Duration.ofHours(25)));
    for (Path path : List.of(session(session), oldPut, oldFile, oldFolder)) {
      Files.setLastModifiedTime(path, old);
    }
    restart();
    try (Stream<Path> left = Files.list(uploads)) {
      assertThat(left).containsExactlyInAnyOrder(session(session).getParent(), youngPut);
    }
    assertThat(oldFile).doesNotExist();
    try (Stream<UploadStatus> open = store.uploads()) {
      assertThat(open).extracting(UploadStatus::id).containsExactly(session);
    }
  }

  @Test
  @DisplayName("the longest name has sessions, and what ends leaves nothing behind")
  void holdsLongNames() throws Exception {
    RepositoryName longest = RepositoryName.parse("a/".repeat(127) + "b");
    UploadId id = store.begin(longest, Algorithm.SHA256);
    try (Stream<UploadStatus> open = store.uploads()) {
      assertThat(open).extracting(UploadStatus::repository).containsExactly(longest);
    }
    assertThatThrownBy(() -> store.status(REPOSITORY, id))
        .isInstanceOf(UnknownUploadException.class);
    store.cancel(longest, id);
    assertThat(root().resolve("uploads")).isEmptyDirectory();
  }

  @Test
  @DisplayName("sessions begin while the last one of their repository ends")
  void beginsBesideTheLast() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<Void>> running = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        running.add(
            threads.submit(
                () -> {
                  for (int n = 0; n < 200; n++) {
                    store.cancel(REPOSITORY, store.begin(REPOSITORY, Algorithm.SHA256));
                  }
                  return null;
                }));
      }
      for (Future<Void> each : running) {
        each.get();
      }
    }
    assertThat(root().resolve("uploads")).isEmptyDirectory();
  }
}
