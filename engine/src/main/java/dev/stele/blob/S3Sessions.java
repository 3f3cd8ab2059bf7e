package dev.stele.blob;

import dev.stele.blob.S3Bucket.Replacement;
import dev.stele.blob.S3Session.Details;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sessions' objects in the bucket. A session changes only by replacing the state that was read,
 * so of two nodes that use it at once, one is told. Safe for use by several threads.
 */
final class S3Sessions {
  private static final Logger log = LoggerFactory.getLogger(S3Sessions.class);

  /** A session as it was read or written; the ETag is that state's. */
  record Stored(S3Session session, Details details, String etag) {}

  private final S3Bucket bucket;

  S3Sessions(S3Bucket bucket) {
    this.bucket = bucket;
  }

  void create(S3Session session) throws IOException {
    byte[] json = new Details(new byte[0], List.of(), session.revision()).toJson();
    String unusedEtag =
        bucket.put(S3Session.name(session.id()), json, json.length, session.metadata());
  }

  /** The session without what only an upload needs. */
  Optional<S3Session> find(UploadId id) throws IOException {
    Optional<S3Bucket.Head> head = bucket.head(S3Session.name(id));
    if (head.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(S3Session.parse(id, head.get().metadata()::get));
  }

  /**
   * Reads a session to go on with it; the tail is put into the upload's buffer.
   *
   * @param chunk how long a chunk will be appended; {@code Long.MAX_VALUE} if that is not known
   */
  Optional<Stored> open(RepositoryName repository, UploadId id, S3Upload upload, long chunk)
      throws IOException {
    return bucket
        .read(
            S3Session.name(id),
            answer -> {
              S3Session session = S3Session.parse(id, n -> S3Bucket.metadata(answer, n));
              if (!session.repository().equals(repository) || session.finishing()) {
                return Optional.<Stored>empty();
              }
              PartBuffer buffer = upload.buffer();
              buffer.setLength(0);
              upload.makeRoomFor(session, chunk);
              int tail = answer.readNBytes(buffer.array(), 0, session.tail());
              if (tail < session.tail()) {
                throw new EOFException("the tail ended at %d bytes".formatted(tail));
              }
              buffer.setLength(tail);
              Details details = Details.parse(answer.readAllBytes());
              if (!details.revision().equals(session.revision())) {
                throw new IOException("the content is not that of revision " + session.revision());
              }
              return Optional.of(new Stored(session, details, S3Bucket.etag(answer)));
            })
        .flatMap(stored -> stored);
  }

  /**
   * Stores a later state of a session, if nobody else did since.
   *
   * @param buffer has the tail, {@code next.tail()} bytes long; what is behind it is overwritten
   */
  Optional<Stored> replace(Stored current, S3Session next, Details details, byte[] buffer)
      throws IOException {
    byte[] json = details.toJson();
    int length = next.tail() + json.length;
    byte[] body = length <= buffer.length ? buffer : Arrays.copyOf(buffer, length);
    System.arraycopy(json, 0, body, next.tail(), json.length);
    return switch (bucket.replace(
        S3Session.name(next.id()), body, length, next.metadata(), Optional.of(current.etag()))) {
      case Replacement.Done(String etag) -> Optional.of(new Stored(next, details, etag));
      case Replacement.Overtaken() -> Optional.empty();
    };
  }

  /** Removes a session and the parts that it knows of. */
  void remove(S3Session session) throws IOException {
    // The object goes first: without it there is no session, whatever fails after.
    bucket.delete(List.of(S3Session.name(session.id())));
    if (session.multipart().isPresent()) {
      bucket.abortMultipart(session.key().value(), session.multipart().get());
    }
  }

  /** All of them, also those that a finish has taken. */
  Stream<S3Session> all() throws IOException {
    return bucket
        .list("uploads/")
        .flatMap(listed -> idIn(listed.name()).stream())
        .flatMap(
            id -> {
              try {
                return find(id).stream();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
  }

  private static Optional<UploadId> idIn(String name) {
    try {
      return Optional.of(UploadId.parse(name.substring("uploads/".length())));
    } catch (InvalidNameException e) {
      log.debug("Not an upload: {}", name, e);
      return Optional.empty();
    }
  }
}
