package dev.stele.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.database.TestFolder;
import dev.stele.oci.Digest;
import dev.stele.oci.Digest.Algorithm;
import dev.stele.oci.RepositoryName;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterTry;
import net.jqwik.api.lifecycle.BeforeTry;

/** Any sequence of good, bad and broken chunks and restarts, against a byte array as the model. */
@SuppressWarnings("InputStreamSlowMultibyteRead") // bodies of a test
class DiskUploadPropertyTest {
  private static final RepositoryName REPOSITORY = RepositoryName.parse("a/b");

  enum Kind {
    STREAMED,
    STREAMED_AND_CUT_OFF,
    DECLARED,
    DECLARED_AND_CUT_OFF,
    LAST_AND_CUT_OFF,
    TOO_SHORT,
    TOO_LONG,
    ELSEWHERE,
    RESTART
  }

  record Step(Kind kind, int length) {}

  private TestFolder folder;
  private BlobStore store;

  @BeforeTry
  void open() throws IOException {
    folder = TestFolder.create();
    store = new DiskBlobStore(folder.path());
  }

  @AfterTry
  void remove() throws IOException {
    store.close();
    folder.close();
  }

  @Provide
  Arbitrary<List<Step>> steps() {
    Arbitrary<Integer> lengths =
        Arbitraries.oneOf(
            Arbitraries.integers().between(0, 300),
            Arbitraries.integers().between(Buffers.SIZE - 2, Buffers.SIZE + 2),
            Arbitraries.integers().between(0, 3 * Buffers.SIZE));
    return Combinators.combine(Arbitraries.of(Kind.values()), lengths)
        .as(Step::new)
        .list()
        .ofMaxSize(12);
  }

  @Property(tries = 100)
  void anUploadHasTheBytesThatItAcknowledged(
      @ForAll("steps") List<Step> steps,
      @ForAll Algorithm hint,
      @ForAll Algorithm expected,
      @ForAll long contentSeed)
      throws Exception {
    Random content = new Random(contentSeed);
    ByteArrayOutputStream model = new ByteArrayOutputStream();
    UploadId id = store.begin(REPOSITORY, hint);
    for (Step step : steps) {
      byte[] bytes = new byte[step.length()];
      content.nextBytes(bytes);
      apply(step, bytes, id, model);
      assertThat(store.status(REPOSITORY, id).size()).isEqualTo(model.size());
    }
    byte[] whole = model.toByteArray();
    StoredObject object = store.finish(REPOSITORY, id, Chunk.empty(), Digest.of(expected, whole));
    try (BlobContent stored = store.open(object.key())) {
      assertThat(stored.stream(0, Long.MAX_VALUE).readAllBytes()).isEqualTo(whole);
    }
  }

  private void apply(Step step, byte[] bytes, UploadId id, ByteArrayOutputStream model)
      throws Exception {
    InputStream body = new ByteArrayInputStream(bytes);
    int size = model.size();
    switch (step.kind()) {
      case STREAMED -> {
        store.append(REPOSITORY, id, Chunk.streamed(body));
        model.writeBytes(bytes);
      }
      case STREAMED_AND_CUT_OFF -> {
        assertThatThrownBy(() -> store.append(REPOSITORY, id, Chunk.streamed(cutOff(body))))
            .isInstanceOf(BodyReadException.class);
        model.writeBytes(bytes);
      }
      case DECLARED -> {
        store.append(REPOSITORY, id, Chunk.at(size, bytes.length, body));
        model.writeBytes(bytes);
      }
      case DECLARED_AND_CUT_OFF -> {
        Chunk chunk = Chunk.at(size, bytes.length + 1, cutOff(body));
        assertThatThrownBy(() -> store.append(REPOSITORY, id, chunk))
            .isInstanceOf(BodyReadException.class);
        model.writeBytes(bytes);
      }
      case LAST_AND_CUT_OFF -> {
        Chunk chunk = Chunk.streamed(cutOff(body));
        assertThatThrownBy(
                () -> store.finish(REPOSITORY, id, chunk, Digest.of(Algorithm.SHA256, bytes)))
            .isInstanceOf(BodyReadException.class);
      }
      case TOO_SHORT -> assertRefused(id, Chunk.at(size, bytes.length + 1, body), size);
      case TOO_LONG -> {
        InputStream longer = new SequenceInputStream(body, new ByteArrayInputStream(new byte[1]));
        assertRefused(id, Chunk.at(size, bytes.length, longer), size);
      }
      case ELSEWHERE -> assertRefused(id, Chunk.at(size + 1, bytes.length, body), size);
      case RESTART -> {
        store.close();
        store = new DiskBlobStore(folder.path());
      }
    }
  }

  private void assertRefused(UploadId id, Chunk chunk, int size) {
    assertThatThrownBy(() -> store.append(REPOSITORY, id, chunk))
        .isInstanceOfSatisfying(BadRangeException.class, e -> assertThat(e.size()).isEqualTo(size));
  }

  private static InputStream cutOff(InputStream body) {
    return new SequenceInputStream(
        body,
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("connection reset");
          }
        });
  }
}
