package dev.stele.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.oci.Digest;
import dev.stele.oci.Digest.Algorithm;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.SequenceInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import okhttp3.Interceptor;
import okhttp3.Request;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The contract on a bucket, and what only a bucket does. */
@SuppressWarnings("InputStreamSlowMultibyteRead") // bodies of a test
class S3BlobStoreTest extends BlobStoreContract {
  private static final int MIB = 1 << 20;
  private static final AtomicInteger buckets = new AtomicInteger();
  private static S3Endpoint endpoint;

  /** What the store under test was asked to send, as method and what of S3 it is. */
  private final ConcurrentLinkedQueue<String> requests = new ConcurrentLinkedQueue<>();

  private String bucket;

  @BeforeAll
  static void start() throws IOException {
    endpoint = new S3Endpoint();
  }

  @AfterAll
  static void stop() throws IOException {
    endpoint.close();
  }

  @Override
  protected BlobStore openStore() throws IOException {
    bucket = "bucket-" + buckets.incrementAndGet();
    endpoint.createBucket(bucket);
    return anotherNode();
  }

  private S3BlobStore anotherNode() throws IOException {
    return anotherNode(
        chain -> {
          requests.add(kindOf(chain.request()));
          return chain.proceed(chain.request());
        });
  }

  private S3BlobStore anotherNode(Interceptor interceptor) throws IOException {
    return S3BlobStore.open(endpoint.settings(bucket), http -> http.addInterceptor(interceptor));
  }

  private static String kindOf(Request request) {
    String copy = request.header("x-amz-copy-source") == null ? "" : " copy";
    String where =
        request.url().pathSegments().size() > 1 ? request.url().pathSegments().get(1) : "";
    String query = request.url().queryParameterNames().stream().sorted().toList().toString();
    return request.method() + " " + where + " " + query + copy;
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("an upload goes on at another node after every chunk, with a digest of either kind")
  void continuesOnAnotherNode(Algorithm expected) throws Exception {
    byte[] bytes = randomBytes(21 * MIB + 17);
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    int[] ends = {100, 3 * MIB, 12 * MIB, 12 * MIB + 1, 20 * MIB};
    int start = 0;
    UploadStatus before = store.status(REPOSITORY, id);
    for (int end : ends) {
      try (S3BlobStore other = anotherNode()) {
        assertThat(other.status(REPOSITORY, id)).isEqualTo(before);
        before = other.append(REPOSITORY, id, Chunk.at(start, end - start, in(bytes, start, end)));
        assertThat(before.size()).isEqualTo(end);
        start = end;
      }
    }
    try (S3BlobStore other = anotherNode()) {
      assertThat(uploads(other)).containsExactly(before);
      Chunk last = Chunk.streamed(in(bytes, start, bytes.length));
      StoredObject object = other.finish(REPOSITORY, id, last, Digest.of(expected, bytes));
      assertThat(object.size()).isEqualTo(bytes.length);
      assertThat(read(store, object.key())).isEqualTo(bytes);
      assertThat(uploads(store)).isEmpty();
    }
  }

  @Test
  @DisplayName("53: a marker that another node replaced is not replaced by one that did not see it")
  void replacesNoMarkerOfAnotherNode() throws Exception {
    assertThat(store.mark(Optional.empty(), "first")).isTrue();
    try (S3BlobStore other = anotherNode()) {
      assertThat(other.mark(Optional.empty(), "too late")).isFalse();
      assertThat(other.mark(Optional.of("first"), "second")).isTrue();
      assertThat(store.mark(Optional.of("first"), "stale")).isFalse();
      assertThat(store.marker()).contains("second");
      assertThat(store.mark(Optional.of("second"), "third")).isTrue();
      assertThat(other.mark(Optional.of("second"), "stale")).isFalse();
    }
  }

  @Test
  @DisplayName("chunks of one byte to 6 MiB, streamed and declared, end as the blob")
  void appendsRandomChunks() throws Exception {
    for (long seed = 1; seed <= 3; seed++) {
      Random random = new Random(seed);
      byte[] bytes = randomBytes(30 * MIB + random.nextInt(MIB));
      UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
      int start = 0;
      while (start < bytes.length) {
        int longest = random.nextInt(3) == 0 ? 100 : 6 * MIB;
        int end = Math.min(bytes.length, start + 1 + random.nextInt(longest));
        InputStream body = in(bytes, start, end);
        Chunk chunk =
            random.nextBoolean() ? Chunk.streamed(body) : Chunk.at(start, end - start, body);
        assertThat(store.append(REPOSITORY, id, chunk).size()).as("seed %d", seed).isEqualTo(end);
        start = end;
      }
      StoredObject object = store.finish(REPOSITORY, id, Chunk.empty(), sha256(bytes));
      assertThat(read(store, object.key())).as("seed %d", seed).isEqualTo(bytes);
    }
  }

  @Test
  @DisplayName("a blob of several parts can be put at once; another digest leaves nothing")
  void putsSeveralParts() throws Exception {
    byte[] bytes = randomBytes(17 * MIB);
    Digest other = sha256(new byte[] {1});
    assertThatThrownBy(() -> store.put(other, OptionalLong.empty(), in(bytes)))
        .isInstanceOf(DigestMismatchException.class);
    assertThatThrownBy(() -> store.put(sha256(bytes), OptionalLong.of(17 * MIB + 1), in(bytes)))
        .isInstanceOf(BadRangeException.class);
    assertThat(requests)
        .filteredOn(kind -> kind.startsWith("DELETE objects [uploadId]"))
        .hasSize(2);
    try (Stream<StoredObject> objects = store.objects()) {
      assertThat(objects).isEmpty();
    }
    StoredObject object = store.put(sha256(bytes), OptionalLong.of(bytes.length), in(bytes));
    assertThat(read(store, object.key())).isEqualTo(bytes);
  }

  @Test
  @DisplayName(
      "finishing copies and reads nothing, and takes as many requests for 4 parts as for 2")
  void finishesWithoutCopy() throws Exception {
    List<List<String>> kinds = new ArrayList<>();
    for (int size : new int[] {17 * MIB, 33 * MIB}) {
      byte[] bytes = randomBytes(size);
      UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
      store.append(REPOSITORY, id, Chunk.streamed(in(bytes)));
      requests.clear();
      StoredObject object = store.finish(REPOSITORY, id, Chunk.empty(), sha256(bytes));
      kinds.add(List.copyOf(requests));
      assertThat(read(store, object.key())).isEqualTo(bytes);
    }
    assertThat(kinds.getFirst())
        .isEqualTo(kinds.getLast())
        .containsExactly(
            "GET uploads []",
            "PUT objects [partNumber, uploadId]",
            "PUT uploads []",
            "POST objects [uploadId]",
            "POST  [delete]");
  }

  @Test
  @DisplayName("a blob below one part is stored by one request when it is finished")
  void storesSmallBlobAtOnce() throws Exception {
    byte[] bytes = randomBytes(4 * MIB);
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    requests.clear();
    StoredObject object = store.finish(REPOSITORY, id, Chunk.streamed(in(bytes)), sha256(bytes));
    assertThat(requests).containsExactly("GET uploads []", "PUT objects []", "POST  [delete]");
    assertThat(read(store, object.key())).isEqualTo(bytes);
  }

  @Test
  @DisplayName("of two nodes that append at once, one is told, and its chunk is not there")
  void noticesAnotherNode() throws Exception {
    byte[] bytes = randomBytes(20 * MIB);
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    store.append(REPOSITORY, id, Chunk.streamed(in(bytes, 0, 9 * MIB)));
    try (S3BlobStore other = anotherNode()) {
      InputStream overtaken =
          new SequenceInputStream(
              in(bytes, 0, 1000),
              whenRead(
                  () ->
                      other.append(REPOSITORY, id, Chunk.streamed(in(bytes, 9 * MIB, 10 * MIB)))));
      assertThatThrownBy(() -> store.append(REPOSITORY, id, Chunk.streamed(overtaken)))
          .isInstanceOf(UploadBusyException.class);
    }
    assertThat(store.status(REPOSITORY, id).size()).isEqualTo(10 * MIB);
    Chunk last = Chunk.streamed(in(bytes, 10 * MIB, 20 * MIB));
    StoredObject object = store.finish(REPOSITORY, id, last, sha256(bytes));
    assertThat(read(store, object.key())).isEqualTo(bytes);
  }

  @Test
  @DisplayName("an upload that another node cancels or finishes meanwhile is unknown")
  void noticesEndOnAnotherNode() throws Exception {
    byte[] bytes = randomBytes(9 * MIB);
    try (S3BlobStore other = anotherNode()) {
      UploadId cancelled = store.begin(REPOSITORY, Algorithm.SHA256);
      store.append(REPOSITORY, cancelled, Chunk.streamed(in(bytes)));
      InputStream cancelling =
          whenRead(
              () -> {
                other.cancel(REPOSITORY, cancelled);
                return null;
              });
      assertThatThrownBy(() -> store.append(REPOSITORY, cancelled, Chunk.streamed(cancelling)))
          .isInstanceOf(UnknownUploadException.class);

      UploadId finished = store.begin(REPOSITORY, Algorithm.SHA256);
      store.append(REPOSITORY, finished, Chunk.streamed(in(bytes)));
      InputStream finishing =
          whenRead(() -> other.finish(REPOSITORY, finished, Chunk.empty(), sha256(bytes)));
      assertThatThrownBy(
              () -> store.finish(REPOSITORY, finished, Chunk.streamed(finishing), sha256(bytes)))
          .isInstanceOf(UnknownUploadException.class);
      try (Stream<StoredObject> objects = store.objects()) {
        assertThat(objects).hasSize(1);
      }
      assertThat(uploads(store)).isEmpty();
    }
  }

  @Test
  @DisplayName("an upload whose parts the bucket has dropped is unknown")
  void givesUpWhatTheBucketDropped() throws Exception {
    byte[] bytes = randomBytes(9 * MIB);
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    store.append(REPOSITORY, id, Chunk.streamed(in(bytes)));
    try (S3BlobStore afterThat =
        anotherNode(
            chain ->
                chain.request().url().queryParameter("partNumber") == null
                    ? chain.proceed(chain.request())
                    : S3Faults.refusal(chain.request(), 404, "NoSuchUpload"))) {
      assertThatThrownBy(() -> afterThat.append(REPOSITORY, id, Chunk.streamed(in(bytes))))
          .isInstanceOf(UnknownUploadException.class);
    }
    assertThat(uploads(store)).isEmpty();
  }

  @Test
  @DisplayName("uploads share the part memory: 12 of 3 parts each finish in room for one")
  void sharesPartMemory() throws Exception {
    S3Settings all = endpoint.settings(bucket);
    S3Settings small =
        new S3Settings(
            all.endpoint(),
            all.bucket(),
            all.region(),
            all.credentials(),
            all.pathStyle(),
            all.prefix(),
            S3Settings.MIN_PART_MEMORY);
    byte[] bytes = randomBytes(17 * MIB);
    try (S3BlobStore bounded = S3BlobStore.open(small);
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<StoredObject>> stored =
          clients.invokeAll(
              IntStream.range(0, 12)
                  .<Callable<StoredObject>>mapToObj(
                      i -> () -> bounded.put(sha256(bytes), OptionalLong.empty(), in(bytes)))
                  .toList());
      for (Future<StoredObject> object : stored) {
        assertThat(read(store, object.get().key())).isEqualTo(bytes);
      }
    }
  }

  @Test
  @DisplayName(
      "an upload that arrives slowly gives its memory to those that wait, and goes on later")
  void nobodyWaitsForASlowClient() throws Exception {
    S3Settings all = endpoint.settings(bucket);
    S3Settings small =
        new S3Settings(
            all.endpoint(),
            all.bucket(),
            all.region(),
            all.credentials(),
            all.pathStyle(),
            all.prefix(),
            S3Settings.MIN_PART_MEMORY);
    byte[] bytes = randomBytes(17 * MIB);
    CountDownLatch waiting = new CountDownLatch(1);
    InputStream drip =
        new InputStream() {
          private int given;

          @Override
          public int read() throws IOException {
            if (given < 100_000) {
              return bytes[given++] & 0xff;
            }
            waiting.countDown();
            try {
              Thread.sleep(Duration.ofDays(1));
              return -1;
            } catch (InterruptedException e) {
              throw new InterruptedIOException("interrupted");
            }
          }
        };
    try (S3BlobStore bounded = S3BlobStore.open(small);
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      UploadId slow = bounded.begin(REPOSITORY, Algorithm.SHA256);
      Future<UploadStatus> dripping =
          clients.submit(() -> bounded.append(REPOSITORY, slow, Chunk.streamed(drip)));
      waiting.await();
      StoredObject object = bounded.put(sha256(bytes), OptionalLong.empty(), in(bytes));
      assertThat(read(store, object.key())).isEqualTo(bytes);
      assertThatThrownBy(dripping::get)
          .hasCauseInstanceOf(BodyReadException.class)
          .hasRootCauseInstanceOf(SlowBodyException.class);
      assertThat(bounded.status(REPOSITORY, slow).size()).isEqualTo(100_000);
      Chunk rest = Chunk.streamed(in(Arrays.copyOfRange(bytes, 100_000, bytes.length)));
      assertThat(bounded.finish(REPOSITORY, slow, rest, sha256(bytes)).size())
          .isEqualTo(bytes.length);
    }
  }

  @Test
  @DisplayName("stores with different prefixes share a bucket and see nothing of each other")
  void keepsPrefixesApart() throws Exception {
    S3Settings all = endpoint.settings(bucket);
    S3Settings below =
        new S3Settings(
            all.endpoint(),
            all.bucket(),
            all.region(),
            all.credentials(),
            all.pathStyle(),
            "team/a/",
            all.partMemory());
    byte[] bytes = randomBytes(1000);
    try (S3BlobStore other = S3BlobStore.open(below)) {
      StoredObject object = other.put(sha256(bytes), OptionalLong.empty(), in(bytes));
      UploadId id = other.begin(REPOSITORY, Algorithm.SHA256);
      assertThat(read(other, object.key())).isEqualTo(bytes);
      assertThat(uploads(other)).extracting(UploadStatus::id).containsExactly(id);
      try (Stream<StoredObject> objects = other.objects()) {
        assertThat(objects).containsExactly(object);
      }
      assertThat(store.size(object.key())).isEmpty();
      assertThat(uploads(store)).isEmpty();
      try (Stream<StoredObject> objects = store.objects()) {
        assertThat(objects).isEmpty();
      }
    }
  }

  @Test
  @DisplayName("more than a page of objects is listed, and deleted in batches")
  void listsAndDeletesPages() throws Exception {
    try (ExecutorService clients = Executors.newFixedThreadPool(8)) {
      List<Future<StoredObject>> stored =
          clients.invokeAll(
              IntStream.range(0, 1203)
                  .<Callable<StoredObject>>mapToObj(
                      i -> () -> store.put(sha256(HELLO), OptionalLong.empty(), in(HELLO)))
                  .toList());
      List<ObjectKey> keys = new ArrayList<>();
      for (Future<StoredObject> object : stored) {
        keys.add(object.get().key());
      }
      try (Stream<StoredObject> objects = store.objects()) {
        assertThat(objects.map(StoredObject::key)).containsExactlyInAnyOrderElementsOf(keys);
      }
      requests.clear();
      store.delete(keys);
      assertThat(requests).containsExactly("POST  [delete]", "POST  [delete]");
      try (Stream<StoredObject> objects = store.objects()) {
        assertThat(objects).isEmpty();
      }
    }
  }

  @Test
  @DisplayName("an object that is deleted while it is open fails to be read on, and says so")
  void failsToReadDeletedObject() throws Exception {
    StoredObject object = store.put(sha256(HELLO), OptionalLong.empty(), in(HELLO));
    try (BlobContent content = store.open(object.key())) {
      store.delete(List.of(object.key()));
      assertThatThrownBy(() -> content.stream(0, 5))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(object.key().value());
    }
  }

  @Test
  @DisplayName("a presigned URL gives the object to anybody, ranges too")
  void signsUrls() throws Exception {
    StoredObject object = store.put(sha256(HELLO), OptionalLong.empty(), in(HELLO));
    URI url = store.presigned(object.key(), Duration.ofMinutes(5)).orElseThrow();
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest whole = HttpRequest.newBuilder(url).build();
      assertThat(client.send(whole, BodyHandlers.ofByteArray()).body()).isEqualTo(HELLO);
      HttpRequest range = HttpRequest.newBuilder(url).header("Range", "bytes=7-10").build();
      assertThat(client.send(range, BodyHandlers.ofString()).body()).isEqualTo("blob");
    }
    assertThat(store.presigned(new ObjectKey("uploads/x"), Duration.ofMinutes(5))).isEmpty();
  }

  @Test
  @DisplayName("30: a bucket that cannot be used is refused with its name and the reason")
  void refusesUnusableBucket() throws IOException {
    S3Settings good = endpoint.settings(bucket);
    assertThatThrownBy(() -> S3BlobStore.open(endpoint.settings("no-such-bucket")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no-such-bucket")
        .hasMessageContaining("NoSuchBucket");
    assertThatThrownBy(() -> S3BlobStore.open(with(good, good.endpoint(), "wrong", "stele-secret")))
        .hasMessageContaining(bucket)
        .hasMessageContaining("InvalidAccessKeyId");
    assertThatThrownBy(() -> S3BlobStore.open(with(good, good.endpoint(), "stele-access", "wrong")))
        .hasMessageContaining(bucket)
        .hasMessageContaining("SignatureDoesNotMatch");
    URI nobody = URI.create("http://127.0.0.1:1");
    assertThatThrownBy(() -> S3BlobStore.open(with(good, nobody, "a", "b")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("http://127.0.0.1:1");
  }

  private static S3Settings with(S3Settings good, URI endpoint, String accessKey, String secret) {
    return new S3Settings(
        endpoint,
        good.bucket(),
        good.region(),
        Optional.of(new S3Settings.Credentials(accessKey, secret)),
        good.pathStyle(),
        good.prefix(),
        good.partMemory());
  }

  /** A body that does something when it is read, and is empty. */
  private static InputStream whenRead(Callable<?> action) {
    return new InputStream() {
      private boolean done;

      @Override
      public int read() throws IOException {
        if (!done) {
          done = true;
          try {
            Object unusedAnswer = action.call();
          } catch (Exception e) {
            throw new IOException(e);
          }
        }
        return -1;
      }
    };
  }

  private static byte[] read(BlobStore store, ObjectKey key) throws Exception {
    try (BlobContent content = store.open(key);
        InputStream stream = content.stream(0, content.size())) {
      return stream.readAllBytes();
    }
  }

  private static List<UploadStatus> uploads(BlobStore store) throws IOException {
    try (Stream<UploadStatus> uploads = store.uploads()) {
      return uploads.toList();
    }
  }
}
