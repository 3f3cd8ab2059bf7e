package dev.stele.parity;

import static dev.stele.registry.TestClient.ok;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.blob.BadRangeException;
import dev.stele.blob.BlobContent;
import dev.stele.blob.Chunk;
import dev.stele.blob.UploadId;
import dev.stele.oci.Digest;
import dev.stele.oci.Digest.Algorithm;
import dev.stele.oci.InvalidNameException;
import dev.stele.registry.Outcome;
import dev.stele.registry.Refusal;
import dev.stele.registry.UploadProgress;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rows 6 to 11. */
abstract class UploadRows extends ParityRows {
  UploadRows(Callable<ParityStorage> storages) {
    super(storages);
  }

  private static Chunk at(long start, String content) {
    return Chunk.at(start, bytes(content).length, new ByteArrayInputStream(bytes(content)));
  }

  private static Chunk streamed(String content) {
    return Chunk.streamed(new ByteArrayInputStream(bytes(content)));
  }

  private UploadId begin() throws Exception {
    return registry.uploads().begin(APP, Algorithm.SHA256).id();
  }

  private long append(UploadId id, Chunk chunk) throws Exception {
    long size = ok(registry.uploads().append(APP, id, chunk)).size();
    assertThat(registry.uploads().status(APP, id))
        .isEqualTo(Outcome.ok(new UploadProgress(id, size)));
    return size;
  }

  private Outcome<Digest> finish(UploadId id, Chunk last, Digest expected) throws Exception {
    return registry.uploads().finish(ALICE, APP, id, last, expected);
  }

  private void assertGone(UploadId id) throws Exception {
    Refusal unknown = new Refusal.UnknownUpload(id);
    assertRefused(registry.uploads().status(APP, id), unknown);
    assertRefused(registry.uploads().append(APP, id, streamed("x")), unknown);
    assertRefused(finish(id, Chunk.empty(), digest("")), unknown);
    assertRefused(registry.uploads().cancel(APP, id), unknown);
  }

  @ParameterizedTest(name = "6: a whole-blob upload answers its size and its digest verifies: {0}")
  @EnumSource
  void uploadsWholeBlob(Algorithm algorithm) throws Exception {
    byte[] content = bytes("content");
    Digest digest = Digest.of(algorithm, content);
    assertThat(
            registry.putBlob(
                ALICE,
                APP,
                digest,
                OptionalLong.of(content.length),
                new ByteArrayInputStream(content)))
        .isEqualTo(Outcome.ok(digest));
    assertReads(APP, digest, "content");
    Digest other = Digest.of(algorithm, bytes("other"));
    assertRefused(
        registry.putBlob(
            ALICE, APP, other, OptionalLong.empty(), new ByteArrayInputStream(content)),
        new Refusal.DigestMismatch(other, digest));
    assertUnknownBlob(APP, other);
  }

  @Test
  @DisplayName("6: a malformed or unsupported digest is an error")
  void refusesMalformedDigests() {
    for (String text :
        List.of("", "sha256:", "sha256:ab", "md5:" + "0".repeat(32), "sha256:" + "G".repeat(64))) {
      assertThatThrownBy(() -> Digest.parse(text)).isInstanceOf(InvalidNameException.class);
    }
  }

  @Test
  @DisplayName("7: a new upload has an id and size 0; cancelling works once")
  void cancelsOnce() throws Exception {
    UploadProgress begun = registry.uploads().begin(APP, Algorithm.SHA256);
    assertThat(begun.size()).isZero();
    assertThat(registry.uploads().status(APP, begun.id())).isEqualTo(Outcome.ok(begun));
    assertThat(registry.uploads().cancel(APP, begun.id())).isEqualTo(Outcome.ok(begun.id()));
    assertGone(begun.id());
    assertGone(UploadId.random());
    assertThat(registry.exists(APP)).isFalse();
  }

  @Test
  @DisplayName("7: a malformed upload id is an error, also one of bytes that are no UTF-8")
  void refusesMalformedIds() {
    String noUtf8 = new String(new byte[] {(byte) 0xff, (byte) 0xfe}, StandardCharsets.ISO_8859_1);
    for (String id : List.of("", "..", "a/b", "x".repeat(200), noUtf8, "\uD800")) {
      assertThatThrownBy(() -> UploadId.parse(id)).isInstanceOf(InvalidNameException.class);
    }
  }

  @Test
  @DisplayName("8: a chunk elsewhere is refused and changes nothing; a right one adds its bytes")
  void appendsInOrderOnly() throws Exception {
    UploadId id = begin();
    assertThat(append(id, at(0, "hello"))).isEqualTo(5);
    for (long start : new long[] {0, 4, 6}) {
      assertRefused(
          registry.uploads().append(APP, id, at(start, "xx")), new Refusal.BadRange(id, 5));
    }
    assertThat(append(id, at(5, ", blob"))).isEqualTo(11);
    assertThat(finish(id, Chunk.empty(), digest("hello, blob")))
        .isEqualTo(Outcome.ok(digest("hello, blob")));
    assertReads(APP, digest("hello, blob"), "hello, blob");
  }

  @Test
  @DisplayName("9: streamed chunks append, and the status is cumulative")
  void appendsStreamedChunks() throws Exception {
    UploadId id = begin();
    assertThat(append(id, streamed("hello"))).isEqualTo(5);
    assertThat(append(id, streamed(", "))).isEqualTo(7);
    assertThat(finish(id, streamed("blob"), digest("hello, blob")))
        .isEqualTo(Outcome.ok(digest("hello, blob")));
    assertReads(APP, digest("hello, blob"), "hello, blob");
  }

  @Test
  @DisplayName(
      "10: finishing makes the blob readable whole, by stream and by range; the id is gone")
  void finishes() throws Exception {
    UploadId id = begin();
    append(id, streamed("hello, blob"));
    assertUnknownUntilFinished(digest("hello, blob"));
    assertThat(finish(id, Chunk.empty(), digest("hello, blob")))
        .isEqualTo(Outcome.ok(digest("hello, blob")));
    assertGone(id);
    assertReads(APP, digest("hello, blob"), "hello, blob");
    assertThat(read(APP, digest("hello, blob"), 7, 4)).isEqualTo("blob");
  }

  private void assertUnknownUntilFinished(Digest digest) throws Exception {
    assertRefused(registry.blob(APP, digest), new Refusal.UnknownRepository(APP));
  }

  @Test
  @DisplayName("10: finishing with another digest links nothing, and the id is gone")
  void finishesWithWrongDigest() throws Exception {
    UploadId id = begin();
    append(id, streamed("hello"));
    assertRefused(
        finish(id, Chunk.empty(), digest("other")),
        new Refusal.DigestMismatch(digest("other"), digest("hello")));
    assertGone(id);
    assertThat(registry.exists(APP)).isFalse();
    assertThat(types()).isEmpty();
  }

  @Test
  @DisplayName(
      "51: a finish that is repeated is answered the same, and with another digest refused")
  void finishesAgain() throws Exception {
    UploadId id = begin();
    append(id, streamed("hello"));
    assertThat(finish(id, streamed(", blob"), digest("hello, blob")))
        .isEqualTo(Outcome.ok(digest("hello, blob")));
    List<String> before = types();
    assertThat(finish(id, streamed(", blob"), digest("hello, blob")))
        .isEqualTo(Outcome.ok(digest("hello, blob")));
    assertThat(types()).isEqualTo(before);
    assertReads(APP, digest("hello, blob"), "hello, blob");
    assertRefused(finish(id, Chunk.empty(), digest("other")), new Refusal.UnknownUpload(id));
    ok(registry.deleteBlob(ALICE, APP, digest("hello, blob")));
    assertRefused(finish(id, Chunk.empty(), digest("hello, blob")), new Refusal.UnknownUpload(id));
  }

  @Test
  @DisplayName("51: a finish that is repeated while the first is being recorded finds it busy")
  void findsItsFirstBusy() throws Exception {
    UploadId id = begin();
    append(id, streamed("hello"));
    Digest hello = digest("hello");
    CompletableFuture<Outcome<Digest>> first;
    try (Connection other = connect();
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("SELECT lock_log()");
      first =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return finish(id, Chunk.empty(), hello);
                } catch (Exception e) {
                  throw new CompletionException(e);
                }
              });
      // Until its bytes are an object, and only the event is missing.
      for (int tries = 0;
          tries < 1000 && registry.uploads().status(APP, id) instanceof Outcome.Ok;
          tries++) {
        Thread.sleep(10);
      }
      assertRefused(finish(id, Chunk.empty(), hello), new Refusal.UploadBusy(id));
      other.commit();
    }
    assertThat(first.get(30, SECONDS)).isEqualTo(Outcome.ok(hello));
    assertThat(finish(id, Chunk.empty(), hello)).isEqualTo(Outcome.ok(hello));
  }

  @Test
  @DisplayName("11: a range is clamped to the blob's end; one that starts past it is an error")
  void readsRanges() throws Exception {
    Digest blob = upload(APP, "hello, blob");
    assertThat(read(APP, blob, 7, 1000)).isEqualTo("blob");
    assertThat(read(APP, blob, 0, 5)).isEqualTo("hello");
    try (BlobContent content = ok(registry.blob(APP, blob))) {
      assertThatExceptionOfType(BadRangeException.class)
          .isThrownBy(() -> content.stream(12, 1))
          .satisfies(e -> assertThat(e.size()).isEqualTo(11));
    }
  }
}
