package dev.stele.blob;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.oci.Digest;
import dev.stele.oci.Digest.Algorithm;
import dev.stele.oci.RepositoryName;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What every {@link BlobStore} does. A backend's test extends this and opens an empty store. Each
 * test fails against a store that does nothing, which {@code BlobStoreContractTest} shows. Numbers
 * are rows of the storage contract.
 */
@Timeout(60)
@SuppressWarnings("InputStreamSlowMultibyteRead") // bodies of a test
public abstract class BlobStoreContract {
  protected static final RepositoryName REPOSITORY = RepositoryName.parse("payments/api");
  private static final RepositoryName OTHER = RepositoryName.parse("payments/web");
  protected static final byte[] HELLO = "hello, blob".getBytes(UTF_8);
  private static final ObjectKey FOREIGN_KEY = new ObjectKey("no/such.object");

  protected BlobStore store;

  /** A store with nothing in it, which the suite closes. */
  protected abstract BlobStore openStore() throws IOException;

  @BeforeEach
  void open() throws IOException {
    store = openStore();
  }

  @AfterEach
  void close() throws IOException {
    store.close();
  }

  @Test
  @DisplayName("53: the marker is what was written last, and is no object and no upload")
  void keepsAMarker() throws IOException {
    assertThat(store.marker()).isEmpty();
    assertThat(store.mark(Optional.of("other"), "first")).isFalse();
    assertThat(store.mark(Optional.empty(), "first")).isTrue();
    assertThat(store.marker()).contains("first");
    assertThat(store.mark(Optional.empty(), "second")).isFalse();
    assertThat(store.mark(Optional.of("other"), "second")).isFalse();
    assertThat(store.marker()).contains("first");
    assertThat(store.mark(Optional.of("first"), "second")).isTrue();
    assertThat(store.mark(Optional.of("first"), "third")).isFalse();
    assertThat(store.marker()).contains("second");
    assertThat(objects()).isEmpty();
    assertThat(uploads()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("6: a whole blob answers its size and reads back, sha256 and sha512")
  void putsWholeBlob(Algorithm algorithm) throws Exception {
    byte[] bytes = randomBytes(300_000);
    StoredObject object =
        store.put(Digest.of(algorithm, bytes), OptionalLong.of(bytes.length), in(bytes));
    assertThat(object.size()).isEqualTo(bytes.length);
    assertThat(read(object.key())).isEqualTo(bytes);
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("6: a whole blob with another digest is refused and leaves nothing")
  void refusesWholeBlobWithOtherDigest(Algorithm algorithm) throws IOException {
    Digest expected = Digest.of(algorithm, HELLO);
    byte[] other = "something else".getBytes(UTF_8);
    assertThatExceptionOfType(DigestMismatchException.class)
        .isThrownBy(() -> store.put(expected, OptionalLong.empty(), in(other)))
        .satisfies(
            e -> {
              assertThat(e.expected()).isEqualTo(expected);
              assertThat(e.actual()).isEqualTo(Digest.of(algorithm, other));
            });
    assertThat(objects()).isEmpty();
  }

  @Test
  @DisplayName("6: a whole blob shorter or longer than declared, or cut off, leaves nothing")
  void refusesWholeBlobOfOtherLength() throws IOException {
    for (long declared : new long[] {HELLO.length - 1, HELLO.length + 1}) {
      assertThatThrownBy(() -> store.put(sha256(HELLO), OptionalLong.of(declared), in(HELLO)))
          .isInstanceOf(BadRangeException.class);
    }
    assertThatThrownBy(() -> store.put(sha256(HELLO), OptionalLong.empty(), cutOff(HELLO)))
        .isInstanceOf(BodyReadException.class)
        .hasRootCauseMessage("connection reset");
    assertThat(objects()).isEmpty();
  }

  @Test
  @DisplayName("7: a new upload has an id and size 0 and is listed; cancelling works once")
  void cancelsOnce() throws Exception {
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    UploadStatus status = store.status(REPOSITORY, id);
    assertThat(status.id()).isEqualTo(id);
    assertThat(status.repository()).isEqualTo(REPOSITORY);
    assertThat(status.size()).isZero();
    assertThat(uploads()).containsExactly(status);

    store.cancel(REPOSITORY, id);
    assertUnknown(REPOSITORY, id);
    assertThat(uploads()).isEmpty();
  }

  @Test
  @DisplayName("7: an unknown upload id, and one of another repository, is an error")
  void knowsNoOtherUploads() throws Exception {
    assertUnknown(REPOSITORY, UploadId.random());
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    assertUnknown(OTHER, id);
    assertThat(store.status(REPOSITORY, id).size()).isZero();
  }

  @Test
  @DisplayName("8: a chunk that does not start at the current size changes nothing")
  void refusesChunkElsewhere() throws Exception {
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    store.append(REPOSITORY, id, Chunk.at(0, 5, in(HELLO, 0, 5)));
    for (long start : new long[] {-1, 0, 4, 6, Long.MAX_VALUE}) {
      assertThatExceptionOfType(BadRangeException.class)
          .isThrownBy(() -> store.append(REPOSITORY, id, Chunk.at(start, 2, in(HELLO, 0, 2))))
          .satisfies(e -> assertThat(e.size()).isEqualTo(5));
      assertThatExceptionOfType(BadRangeException.class)
          .isThrownBy(
              () ->
                  store.finish(REPOSITORY, id, Chunk.at(start, 2, in(HELLO, 0, 2)), sha256(HELLO)))
          .satisfies(e -> assertThat(e.size()).isEqualTo(5));
    }
    assertThat(store.status(REPOSITORY, id).size()).isEqualTo(5);
    assertFinishes(id, Chunk.at(5, HELLO.length - 5, in(HELLO, 5, HELLO.length)), HELLO);
  }

  @Test
  @DisplayName("8: a chunk shorter or longer than declared changes nothing")
  void refusesChunkOfOtherLength() throws Exception {
    byte[] bytes = randomBytes(400_000);
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    store.append(REPOSITORY, id, Chunk.at(0, 100_000, in(bytes, 0, 100_000)));
    for (long declared : new long[] {0, 1, 199_999, 200_001, 1_000_000}) {
      assertThatExceptionOfType(BadRangeException.class)
          .isThrownBy(
              () ->
                  store.append(
                      REPOSITORY, id, Chunk.at(100_000, declared, in(bytes, 100_000, 300_000))))
          .satisfies(e -> assertThat(e.size()).isEqualTo(100_000));
      assertThat(store.status(REPOSITORY, id).size()).isEqualTo(100_000);
    }
    assertFinishes(id, Chunk.at(100_000, 300_000, in(bytes, 100_000, 400_000)), bytes);
  }

  @Test
  @DisplayName("8: the status has the cumulative size of chunks in order")
  void addsUpChunks() throws Exception {
    byte[] bytes = randomBytes(250_000);
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    for (int start = 0; start < bytes.length; start += 50_000) {
      UploadStatus after =
          store.append(REPOSITORY, id, Chunk.at(start, 50_000, in(bytes, start, start + 50_000)));
      assertThat(after.size()).isEqualTo(start + 50_000);
      assertThat(store.status(REPOSITORY, id)).isEqualTo(after);
    }
    assertFinishes(id, Chunk.empty(), bytes);
  }

  @Test
  @DisplayName("9: streamed chunks append, whatever their size")
  void appendsStreamedChunks() throws Exception {
    byte[] bytes = randomBytes(200_001);
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    assertThat(append(id, in(bytes, 0, 1)).size()).isEqualTo(1);
    assertThat(append(id, InputStream.nullInputStream()).size()).isEqualTo(1);
    assertThat(append(id, in(bytes, 1, 131_073)).size()).isEqualTo(131_073);
    assertFinishes(id, Chunk.streamed(in(bytes, 131_073, 200_001)), bytes);
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("10: an upload finishes with a digest of either algorithm, hinted or not")
  void finishesWithAnyAlgorithm(Algorithm expected) throws Exception {
    byte[] bytes = randomBytes(150_000);
    for (Algorithm hint : Algorithm.values()) {
      UploadId id = store.begin(REPOSITORY, hint);
      append(id, in(bytes, 0, 100_000));
      StoredObject object =
          store.finish(
              REPOSITORY,
              id,
              Chunk.streamed(in(bytes, 100_000, 150_000)),
              Digest.of(expected, bytes));
      assertThat(object.size()).isEqualTo(bytes.length);
      assertThat(read(object.key())).isEqualTo(bytes);
      assertUnknown(REPOSITORY, id);
    }
    assertThat(uploads()).isEmpty();
  }

  @Test
  @DisplayName("10: finishing with another digest ends the upload and leaves nothing")
  void refusesOtherDigest() throws Exception {
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    append(id, in(HELLO));
    Digest expected = sha256("hello, blog".getBytes(UTF_8));
    assertThatExceptionOfType(DigestMismatchException.class)
        .isThrownBy(() -> store.finish(REPOSITORY, id, Chunk.empty(), expected))
        .satisfies(
            e -> {
              assertThat(e.expected()).isEqualTo(expected);
              assertThat(e.actual()).isEqualTo(sha256(HELLO));
            });
    assertUnknown(REPOSITORY, id);
    assertThat(objects()).isEmpty();
    assertThat(uploads()).isEmpty();
  }

  @Test
  @DisplayName("11: a range ends with the blob at the latest, and cannot begin past it")
  void readsRanges() throws Exception {
    StoredObject object = store.put(sha256(HELLO), OptionalLong.empty(), in(HELLO));
    try (BlobContent content = store.open(object.key())) {
      assertThat(content.size()).isEqualTo(HELLO.length);
      assertThat(content.stream(7, 4)).hasContent("blob");
      assertThat(content.stream(0, 5)).hasContent("hello");
      assertThat(content.stream(7, Long.MAX_VALUE)).hasContent("blob");
      assertThat(content.stream(HELLO.length, 1)).isEmpty();
      assertThatExceptionOfType(BadRangeException.class)
          .isThrownBy(() -> content.stream(HELLO.length + 1, 1))
          .satisfies(e -> assertThat(e.size()).isEqualTo(HELLO.length));
    }
  }

  @Test
  @DisplayName(
      "a streamed chunk that is cut off keeps what arrived, and the upload goes on from there")
  void keepsStreamedBytesBeforeFailure() throws Exception {
    byte[] bytes = randomBytes(300_000);
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    assertThatThrownBy(() -> append(id, cutOff(in(bytes, 0, 170_000))))
        .isInstanceOf(BodyReadException.class);
    assertThat(store.status(REPOSITORY, id).size()).isEqualTo(170_000);
    assertThatThrownBy(
            () ->
                append(
                    id, then(in(bytes, 170_000, 170_010), new IllegalStateException("too large"))))
        .hasMessage("too large");
    assertThat(store.status(REPOSITORY, id).size()).isEqualTo(170_010);
    assertFinishes(id, Chunk.streamed(in(bytes, 170_010, 300_000)), bytes);
  }

  @Test
  @DisplayName(
      "a declared chunk that is cut off keeps what arrived, and the upload goes on from there")
  void keepsDeclaredBytesBeforeFailure() throws Exception {
    byte[] bytes = randomBytes(300_000);
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    append(id, in(bytes, 0, 100_000));
    Chunk broken = Chunk.at(100_000, 200_000, cutOff(in(bytes, 100_000, 299_999)));
    assertThatThrownBy(() -> store.append(REPOSITORY, id, broken))
        .isInstanceOf(BodyReadException.class);
    assertThat(store.status(REPOSITORY, id).size()).isEqualTo(299_999);
    assertThatThrownBy(
            () ->
                store.append(
                    REPOSITORY, id, Chunk.at(100_000, 200_000, in(bytes, 100_000, 300_000))))
        .isInstanceOfSatisfying(
            BadRangeException.class, e -> assertThat(e.size()).isEqualTo(299_999));
    assertFinishes(id, Chunk.at(299_999, 1, in(bytes, 299_999, 300_000)), bytes);
  }

  @Test
  @DisplayName("a last chunk that is cut off changes nothing, so that it can be sent again")
  void rollsBackLastChunkOnFailure() throws Exception {
    byte[] bytes = randomBytes(300_000);
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    append(id, in(bytes, 0, 100_000));
    for (Chunk broken :
        List.of(
            Chunk.at(100_000, 200_000, cutOff(in(bytes, 100_000, 200_000))),
            Chunk.streamed(cutOff(in(bytes, 100_000, 299_999))))) {
      assertThatThrownBy(() -> store.finish(REPOSITORY, id, broken, sha256(bytes)))
          .isInstanceOf(BodyReadException.class);
      assertThat(store.status(REPOSITORY, id).size()).isEqualTo(100_000);
    }
    assertFinishes(id, Chunk.streamed(in(bytes, 100_000, 300_000)), bytes);
  }

  @Test
  @DisplayName("the same content twice is two objects, and deleting one leaves the other")
  void keepsGenerationsApart() throws Exception {
    StoredObject first = store.put(sha256(HELLO), OptionalLong.empty(), in(HELLO));
    StoredObject second = store.put(sha256(HELLO), OptionalLong.empty(), in(HELLO));
    assertThat(first.key()).isNotEqualTo(second.key());
    store.delete(List.of(first.key()));
    assertAbsent(first.key());
    assertThat(read(second.key())).isEqualTo(HELLO);
  }

  @Test
  @DisplayName("objects are listed with their sizes; deleting many, absent ones too, is no error")
  void listsAndDeletes() throws Exception {
    List<StoredObject> stored =
        List.of(
            store.put(sha256(HELLO), OptionalLong.empty(), in(HELLO)),
            store.put(Digest.of(Algorithm.SHA512, HELLO), OptionalLong.empty(), in(HELLO)),
            store.put(sha256(new byte[1000]), OptionalLong.empty(), in(new byte[1000])));
    UploadId open = store.begin(REPOSITORY, Algorithm.SHA256);
    append(open, in(HELLO));
    assertThat(objects()).containsExactlyInAnyOrderElementsOf(stored);
    store.probe();
    assertThat(objects()).hasSize(3);

    store.delete(
        List.of(stored.get(0).key(), FOREIGN_KEY, stored.get(1).key(), stored.get(0).key()));
    assertThat(objects()).containsExactly(stored.get(2));
    assertAbsent(stored.get(1).key());
    assertThat(store.status(REPOSITORY, open).size()).isEqualTo(HELLO.length);
  }

  @Test
  @DisplayName("27: a truly empty blob is valid, put or uploaded")
  void storesEmptyBlob() throws Exception {
    byte[] nothing = {};
    StoredObject put = store.put(sha256(nothing), OptionalLong.of(0), in(nothing));
    assertThat(put.size()).isZero();
    assertThat(store.size(put.key())).hasValue(0);
    assertThat(read(put.key())).isEmpty();
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    assertFinishes(id, Chunk.empty(), nothing);
  }

  @Test
  @DisplayName("27: an object that is not there has no size and cannot be opened")
  void knowsNoOtherObjects() throws Exception {
    StoredObject object = store.put(sha256(HELLO), OptionalLong.empty(), in(HELLO));
    assertThat(store.size(object.key())).hasValue(HELLO.length);
    assertAbsent(FOREIGN_KEY);
    String key = object.key().value();
    assertAbsent(new ObjectKey(key.substring(0, key.length() - 1)));
    assertAbsent(new ObjectKey(key + "0"));
  }

  @Test
  @DisplayName("an upload in use by one request is busy for another, but has a status")
  void refusesSecondRequestOfUpload() throws Exception {
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    CountDownLatch reading = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    InputStream slow =
        new InputStream() {
          @Override
          public int read() throws IOException {
            reading.countDown();
            try {
              goOn.await();
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
            return -1;
          }
        };
    try (ExecutorService other = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<UploadStatus> first =
          other.submit(() -> append(id, new SequenceInputStream(in(HELLO), slow)));
      try {
        while (!reading.await(10, TimeUnit.MILLISECONDS)) {
          assertThat(first).isNotDone();
        }
        assertThatThrownBy(() -> append(id, in(HELLO))).isInstanceOf(UploadBusyException.class);
        assertThatThrownBy(() -> store.finish(REPOSITORY, id, Chunk.empty(), sha256(new byte[0])))
            .isInstanceOf(UploadBusyException.class);
        assertThatThrownBy(() -> store.cancel(REPOSITORY, id))
            .isInstanceOf(UploadBusyException.class);
        assertThat(store.status(REPOSITORY, id).id()).isEqualTo(id);
      } finally {
        goOn.countDown();
      }
      assertThat(first.get().size()).isEqualTo(HELLO.length);
    }
    assertFinishes(id, Chunk.empty(), HELLO);
  }

  @Test
  @DisplayName("32 uploads at once, half of them of the same content, are stored whole")
  void storesConcurrentUploads() throws Exception {
    byte[] shared = randomBytes(500_000);
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<StoredObject>> stored =
          clients.invokeAll(
              IntStream.range(0, 32)
                  .<Callable<StoredObject>>mapToObj(i -> () -> uploadInChunks(i, shared))
                  .toList());
      for (int i = 0; i < stored.size(); i++) {
        assertThat(read(stored.get(i).get().key())).isEqualTo(contentOf(i, shared));
      }
    }
    assertThat(objects()).extracting(StoredObject::key).doesNotHaveDuplicates().hasSize(32);
    assertThat(uploads()).isEmpty();
  }

  private StoredObject uploadInChunks(int client, byte[] shared) throws Exception {
    byte[] bytes = contentOf(client, shared);
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    for (int start = 0; start < bytes.length; start += 50_000) {
      store.append(REPOSITORY, id, Chunk.at(start, 50_000, in(bytes, start, start + 50_000)));
    }
    return store.finish(REPOSITORY, id, Chunk.empty(), sha256(bytes));
  }

  private static byte[] contentOf(int client, byte[] shared) {
    byte[] bytes = shared.clone();
    if (client % 2 == 0) {
      bytes[client] ^= 1;
    }
    return bytes;
  }

  private void assertFinishes(UploadId id, Chunk last, byte[] whole) throws Exception {
    StoredObject object = store.finish(REPOSITORY, id, last, sha256(whole));
    assertThat(object.size()).isEqualTo(whole.length);
    assertThat(store.size(object.key())).hasValue(whole.length);
    assertThat(read(object.key())).isEqualTo(whole);
    assertUnknown(REPOSITORY, id);
  }

  private void assertUnknown(RepositoryName repository, UploadId id) {
    assertThatThrownBy(() -> store.status(repository, id))
        .isInstanceOf(UnknownUploadException.class);
    assertThatThrownBy(() -> store.append(repository, id, Chunk.streamed(in(HELLO))))
        .isInstanceOf(UnknownUploadException.class);
    assertThatThrownBy(() -> store.finish(repository, id, Chunk.empty(), sha256(new byte[0])))
        .isInstanceOf(UnknownUploadException.class);
    assertThatThrownBy(() -> store.cancel(repository, id))
        .isInstanceOf(UnknownUploadException.class);
  }

  private void assertAbsent(ObjectKey key) throws IOException {
    assertThat(store.size(key)).isEmpty();
    assertThatThrownBy(() -> store.open(key)).isInstanceOf(NoSuchObjectException.class);
  }

  private UploadStatus append(UploadId id, InputStream body) throws Exception {
    return store.append(REPOSITORY, id, Chunk.streamed(body));
  }

  private byte[] read(ObjectKey key) throws Exception {
    try (BlobContent content = store.open(key);
        InputStream stream = content.stream(0, content.size())) {
      return stream.readAllBytes();
    }
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

  protected static Digest sha256(byte[] bytes) {
    return Digest.of(Algorithm.SHA256, bytes);
  }

  /** The same bytes for the same length, on every run. */
  protected static byte[] randomBytes(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  protected static InputStream in(byte[] bytes) {
    return new ByteArrayInputStream(bytes);
  }

  protected static InputStream in(byte[] bytes, int from, int to) {
    return new ByteArrayInputStream(bytes, from, to - from);
  }

  private static InputStream cutOff(byte[] bytes) {
    return cutOff(in(bytes));
  }

  private static InputStream cutOff(InputStream before) {
    return then(before, new IOException("connection reset"));
  }

  private static InputStream then(InputStream before, Exception failure) {
    return new SequenceInputStream(
        before,
        new InputStream() {
          @Override
          public int read() throws IOException {
            if (failure instanceof RuntimeException unchecked) {
              throw unchecked;
            }
            throw new IOException(failure.getMessage(), failure);
          }
        });
  }
}
