package dev.stele.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.oci.Digest;
import dev.stele.oci.Digest.Algorithm;
import dev.stele.oci.RepositoryName;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import okhttp3.Interceptor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The store while its bucket fails: a call succeeds or throws, and no object has other bytes. */
@Timeout(120)
class S3FaultsTest {
  private static final RepositoryName REPOSITORY = RepositoryName.parse("payments/api");
  private static final int MIB = 1 << 20;
  private static S3Endpoint endpoint;

  @BeforeAll
  static void start() throws IOException {
    endpoint = new S3Endpoint();
  }

  @AfterAll
  static void stop() throws IOException {
    endpoint.close();
  }

  private static S3BlobStore open(String bucket, S3Faults faults) throws IOException {
    return S3BlobStore.open(endpoint.settings(bucket), http -> http.addInterceptor(faults));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  @DisplayName("uploads and puts through a bad way to the bucket are stored right or not at all")
  void storesRightOrNotAtAll(long seed) throws Exception {
    String bucket = "faults-" + seed;
    endpoint.createBucket(bucket);
    Random random = new Random(seed);
    S3Faults faults = new S3Faults(seed);
    List<ObjectKey> acknowledged = new ArrayList<>();
    List<byte[]> contents = new ArrayList<>();
    int failures = 0;
    try (S3BlobStore store = open(bucket, faults)) {
      for (int round = 0; round < 10; round++) {
        // Most requests succeed in the end at the lower rate, few uploads do at the higher.
        faults.setRate(round % 4 != 3 ? 0.15 : 0.6);
        byte[] bytes = new byte[random.nextInt(3) == 0 ? 18 * MIB : 1 + random.nextInt(MIB)];
        random.nextBytes(bytes);
        try {
          StoredObject object =
              round % 3 == 0
                  ? store.put(
                      digest(bytes), OptionalLong.of(bytes.length), new ByteArrayInputStream(bytes))
                  : upload(store, bytes, random);
          assertThat(object.size()).isEqualTo(bytes.length);
          acknowledged.add(object.key());
          contents.add(bytes);
        } catch (IOException e) {
          failures++;
        }
      }
      faults.setRate(0.1);
      for (int i = 0; i < acknowledged.size(); i++) {
        assertThat(read(store, acknowledged.get(i))).as("seed %d", seed).isEqualTo(contents.get(i));
      }
      faults.setRate(0);
      try (Stream<StoredObject> objects = store.objects()) {
        assertThat(objects.map(StoredObject::key)).containsAll(acknowledged);
      }
    }
    assertThat(acknowledged).as("seed %d, %d failures", seed, failures).isNotEmpty();
  }

  /** Goes on where the store says that the upload is, as a client does after a failure. */
  private static StoredObject upload(S3BlobStore store, byte[] bytes, Random random)
      throws Exception {
    UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
    IOException failure = null;
    for (int attempt = 0; attempt < 8; attempt++) {
      try {
        int size = (int) store.status(REPOSITORY, id).size();
        int end = size + random.nextInt(bytes.length - size + 1);
        size =
            (int)
                store
                    .append(REPOSITORY, id, Chunk.at(size, end - size, in(bytes, size, end)))
                    .size();
        return store.finish(
            REPOSITORY,
            id,
            Chunk.at(size, bytes.length - size, in(bytes, size, bytes.length)),
            digest(bytes));
      } catch (IOException e) {
        failure = e;
      } catch (UnknownUploadException e) {
        throw new IOException("given up", e);
      }
    }
    throw failure;
  }

  @Test
  @DisplayName("a bucket that is away throws at once what is wrong, and the upload goes on later")
  void goesOnWhenTheBucketIsBack() throws Exception {
    endpoint.createBucket("away");
    S3Faults faults = new S3Faults(7);
    byte[] bytes = new byte[10 * MIB];
    new Random(7).nextBytes(bytes);
    try (S3BlobStore store = open("away", faults)) {
      UploadId id = store.begin(REPOSITORY, Algorithm.SHA256);
      store.append(REPOSITORY, id, Chunk.streamed(in(bytes, 0, 9 * MIB)));
      faults.setRate(1);
      assertThatThrownBy(store::probe)
          .isInstanceOf(S3UnavailableException.class)
          .hasMessageContaining("bucket away at");
      assertThatThrownBy(() -> store.status(REPOSITORY, id))
          .isInstanceOf(S3UnavailableException.class);
      assertThatThrownBy(
              () -> store.append(REPOSITORY, id, Chunk.streamed(in(bytes, 9 * MIB, 10 * MIB))))
          .isInstanceOf(S3UnavailableException.class);
      assertThatThrownBy(() -> store.finish(REPOSITORY, id, Chunk.empty(), digest(bytes)))
          .isInstanceOf(S3UnavailableException.class);
      faults.setRate(0);
      store.probe();
      assertThat(store.status(REPOSITORY, id).size()).isEqualTo(9 * MIB);
      StoredObject object =
          store.finish(REPOSITORY, id, Chunk.streamed(in(bytes, 9 * MIB, 10 * MIB)), digest(bytes));
      assertThat(read(store, object.key())).isEqualTo(bytes);
    }
  }

  /** Answers so many conditional writes as S3 does while another write of the object goes on. */
  private static Interceptor conflicts(AtomicInteger left) {
    return chain ->
        chain.request().method().equals("PUT")
                && (chain.request().header("If-Match") != null
                    || chain.request().header("If-None-Match") != null)
                && left.getAndUpdate(n -> Math.max(0, n - 1)) > 0
            ? S3Faults.refusal(chain.request(), 409, "ConditionalRequestConflict")
            : chain.proceed(chain.request());
  }

  @Test
  @DisplayName("a write that meets another is tried again, and then has lost: no outage")
  void conflictsAreNoOutage() throws Exception {
    endpoint.createBucket("conflicts");
    AtomicInteger left = new AtomicInteger();
    try (S3BlobStore store =
        S3BlobStore.open(
            endpoint.settings("conflicts"), http -> http.addInterceptor(conflicts(left)))) {
      store.probe();
      left.set(2);
      assertThat(store.mark(Optional.empty(), "first")).isTrue();
      left.set(2);
      assertThat(store.mark(Optional.of("first"), "second")).isTrue();
      left.set(1_000);
      assertThat(store.mark(Optional.of("second"), "third")).isFalse();
      left.set(0);
      assertThat(store.marker()).contains("second");
      assertThat(store.mark(Optional.of("second"), "third")).isTrue();
    }
  }

  private static InputStream in(byte[] bytes, int from, int to) {
    return new ByteArrayInputStream(bytes, from, to - from);
  }

  private static Digest digest(byte[] bytes) {
    return Digest.of(Algorithm.SHA256, bytes);
  }

  private static byte[] read(BlobStore store, ObjectKey key) throws Exception {
    try (BlobContent content = store.open(key);
        InputStream stream = content.stream(0, content.size())) {
      return stream.readAllBytes();
    }
  }
}
