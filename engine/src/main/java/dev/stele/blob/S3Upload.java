package dev.stele.blob;

import dev.stele.blob.S3Session.Details;
import dev.stele.oci.Digest;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A blob while one call receives bytes of it: fills parts, uploads them straight to the object that
 * they will be, and hashes. Holds one part in memory at most. Nothing here changes the session:
 * what was received counts once the caller has stored a new state of it, so rolling back is to
 * forget. For use by one thread.
 */
final class S3Upload implements Closeable {
  private static final Logger log = LoggerFactory.getLogger(S3Upload.class);

  /** How much is read from a body at once, in bytes. */
  private static final int STEP = 64 * 1024;

  /** Room kept free behind the tail for the session's JSON. */
  private static final int DETAILS = 4096;

  private static final int DETAILS_A_PART = 128;

  /** Called whenever a part was uploaded and nothing is in memory. */
  interface Progress {
    void partUploaded() throws IOException;
  }

  private final S3Bucket bucket;
  private final ObjectKey key;
  private final Map<String, String> metadata;
  private final PartBuffer buffer;
  private final AtomicLong received;
  private final List<UploadedPart> parts = new ArrayList<>();
  private BlobHash hash;
  private String multipart;
  private long size;
  private boolean abortOnClose;

  /**
   * An upload of nothing yet.
   *
   * @param key what the object will be called if it has parts
   * @param metadata of the object
   * @param hash what to hash with
   * @param received where the size is told to other threads
   */
  S3Upload(
      S3Bucket bucket,
      ObjectKey key,
      Map<String, String> metadata,
      PartMemory memory,
      BlobHash hash,
      AtomicLong received) {
    this.bucket = bucket;
    this.key = key;
    this.metadata = metadata;
    this.buffer = new PartBuffer(memory);
    this.hash = hash;
    this.received = received;
  }

  /**
   * Goes on where a session was, whose tail is in the {@link #buffer}.
   *
   * @param ifEmpty what to hash with if nothing was received yet
   */
  void resume(S3Session session, Details details, BlobHash ifEmpty) {
    size = session.size();
    multipart = session.multipart().orElse(null);
    parts.clear();
    parts.addAll(details.parts());
    buffer.setLength(session.tail());
    hash =
        details.hash().length == 0
            ? ifEmpty
            : BlobHash.Portable.resume(session.algorithm(), details.hash());
    received.set(size);
  }

  PartBuffer buffer() {
    return buffer;
  }

  long size() {
    return size;
  }

  Digest.Algorithm algorithm() {
    return hash.algorithm();
  }

  Optional<String> multipart() {
    return Optional.ofNullable(multipart);
  }

  List<UploadedPart> parts() {
    return List.copyOf(parts);
  }

  /**
   * Receives a chunk. If its body fails, this ends normally with what arrived: the caller keeps
   * that or not, and then throws the body's failure. If this throws, the upload is of no use.
   */
  void receive(Chunk chunk, Body body, Progress progress) throws IOException, BadRangeException {
    long before = size;
    if (chunk.start().isPresent() && chunk.start().getAsLong() != before) {
      throw new BadRangeException(
          "the chunk begins at %d, but the upload has %d bytes"
              .formatted(chunk.start().getAsLong(), before),
          before);
    }
    long declared = chunk.length().orElse(Long.MAX_VALUE);
    long missing = declared;
    boolean ended = false;
    while (!ended && missing > 0) {
      int room = makeRoom(missing, progress);
      int step = (int) Math.min(Math.min(room, STEP), missing);
      int from = buffer.length();
      int filled = buffer.fill(body, step);
      hash.update(buffer.array(), from, filled);
      buffer.setLength(from + filled);
      size += filled;
      received.set(size);
      missing -= filled;
      ended = filled < step;
    }
    boolean tooLong = !ended && body.fill(new byte[1], 0, 1) > 0;
    boolean tooShort = missing > 0 && chunk.length().isPresent() && !body.failed();
    if (tooLong || tooShort) {
      throw new BadRangeException(
          "the chunk is %s than the %d bytes declared"
              .formatted(tooLong ? "longer" : "shorter", declared),
          before);
    }
  }

  /** Answers how many bytes fit into the buffer now, at least one. */
  private int makeRoom(long missing, Progress progress) throws IOException {
    int partSize = PartSizes.of(parts.size() + 1);
    if (buffer.length() >= partSize) {
      uploadPart();
      progress.partUploaded();
      partSize = PartSizes.of(parts.size() + 1);
      if (buffer.array().length < partSize) {
        buffer.close();
      }
    }
    if (buffer.length() == buffer.array().length) {
      long needed = Math.min(partSize, buffer.length() + Math.min(missing, 1L << 40));
      buffer.ensure((int) needed + detailsRoom());
    }
    return Math.min(partSize, buffer.array().length) - buffer.length();
  }

  /**
   * Makes room for a tail and for what a chunk of this length may add to it, since a full buffer
   * cannot grow.
   */
  void makeRoomFor(S3Session session, long chunk) throws IOException {
    if (session.tail() <= PartBuffer.SMALL) {
      return;
    }
    long whole = session.tail() + Math.min(chunk, 1L << 40);
    int needed = (int) Math.min(PartSizes.of(session.parts() + 1), whole);
    buffer.ensure(Math.max(session.tail(), needed) + DETAILS + DETAILS_A_PART * session.parts());
  }

  private int detailsRoom() {
    return DETAILS + DETAILS_A_PART * parts.size();
  }

  /** Makes the bytes in memory a part. */
  void uploadPart() throws IOException {
    if (parts.size() == PartSizes.MAX_PARTS) {
      throw new BlobTooLargeException(
          "the blob is too large: a bucket takes no more than the %d bytes that it has already"
              .formatted(size));
    }
    if (multipart == null) {
      multipart = bucket.createMultipart(key.value(), metadata);
      abortOnClose = true;
    }
    String etag =
        bucket.uploadPart(
            key.value(), multipart, parts.size() + 1, buffer.array(), buffer.length());
    parts.add(new UploadedPart(buffer.length(), etag));
    buffer.clear();
  }

  /** Makes the tail a part if that is allowed, so that it need not be stored again and again. */
  void shortenTail() throws IOException {
    if (PartSizes.mayEndEarly(parts.size() + 1, buffer.length())) {
      uploadPart();
    }
  }

  /** The parts and the hash, for the session. */
  Details details(String revision) {
    byte[] state =
        hash instanceof BlobHash.Portable portable && size > 0 ? portable.encoded() : new byte[0];
    return new Details(state, parts(), revision);
  }

  /** What was begun here is needed from now on, even if what comes next fails. */
  void keepMultipart() {
    abortOnClose = false;
  }

  /**
   * The digest of everything, empty if it can only be known by reading the object once it is there:
   * if the algorithm is not the one hashed with, and parts were uploaded. Nothing can be received
   * after it.
   */
  Optional<Digest> digest(Digest.Algorithm algorithm) {
    if (algorithm == hash.algorithm()) {
      return Optional.of(hash.digest());
    }
    if (parts.isEmpty()) {
      BlobHash other = BlobHash.Fast.start(algorithm);
      other.update(buffer.array(), 0, buffer.length());
      return Optional.of(other.digest());
    }
    return Optional.empty();
  }

  /** Gives the memory back, and drops a multipart upload that nobody knows about. */
  @Override
  public void close() {
    buffer.close();
    if (abortOnClose) {
      abortOnClose = false;
      try {
        bucket.abortMultipart(key.value(), multipart);
      } catch (IOException e) {
        log.warn("Cannot drop the parts of {}: they stay in the bucket", key, e);
      }
    }
  }
}
