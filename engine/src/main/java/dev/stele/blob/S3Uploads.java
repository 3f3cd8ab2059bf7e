package dev.stele.blob;

import dev.stele.blob.S3Session.Details;
import dev.stele.blob.S3Sessions.Stored;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes uploads into an {@link S3BlobStore}, which says how. Safe for use by several threads; one
 * call at a time uses a session.
 */
final class S3Uploads {
  private static final Logger log = LoggerFactory.getLogger(S3Uploads.class);

  /** After how long a streamed chunk that is still arriving has its progress stored. */
  private static final Duration PROGRESS = Duration.ofSeconds(30);

  private final S3Bucket bucket;
  private final S3Sessions sessions;
  private final PartMemory memory;

  /** The sessions that a call here uses, with what they have received. */
  private final ConcurrentMap<UploadId, AtomicLong> busy = new ConcurrentHashMap<>();

  S3Uploads(S3Bucket bucket, S3Sessions sessions, PartMemory memory) {
    this.bucket = bucket;
    this.sessions = sessions;
    this.memory = memory;
  }

  /** See {@link BlobStore#begin}. */
  UploadId begin(RepositoryName repository, Digest.Algorithm hint) throws IOException {
    UploadId id = UploadId.random();
    sessions.create(S3Session.begin(id, repository, hint, now()));
    return id;
  }

  /** See {@link BlobStore#status}. */
  UploadStatus status(RepositoryName repository, UploadId id)
      throws IOException, UnknownUploadException {
    UploadStatus stored =
        sessions
            .find(id)
            .filter(session -> session.repository().equals(repository) && !session.finishing())
            .orElseThrow(() -> new UnknownUploadException(repository, id))
            .status();
    AtomicLong arriving = busy.get(id);
    if (arriving == null || arriving.get() <= stored.size()) {
      return stored;
    }
    return new UploadStatus(id, repository, arriving.get(), now());
  }

  /** See {@link BlobStore#append}. */
  UploadStatus append(RepositoryName repository, UploadId id, Chunk chunk)
      throws IOException, BadRangeException, UnknownUploadException, UploadBusyException {
    AtomicLong received = occupy(id);
    try (S3Upload upload = uploadOf(id, received)) {
      Running running = resume(repository, id, upload, chunk, Optional.empty());
      Body body = new Body(chunk.body());
      // What may still turn out to be other than declared must not be stored on the way.
      running.receive(chunk, body, !chunk.isDeclared());
      UploadStatus after = running.keep();
      body.throwFailure();
      return after;
    } finally {
      busy.remove(id);
    }
  }

  /** See {@link BlobStore#finish}. */
  StoredObject finish(RepositoryName repository, UploadId id, Chunk last, Digest expected)
      throws IOException,
          BadRangeException,
          DigestMismatchException,
          UnknownUploadException,
          UploadBusyException {
    AtomicLong received = occupy(id);
    try (S3Upload upload = uploadOf(id, received)) {
      Running running = resume(repository, id, upload, last, Optional.of(expected.algorithm()));
      Body body = new Body(last.body());
      running.receive(last, body, false);
      body.throwFailure();
      Optional<Digest> actual = upload.digest(expected.algorithm());
      if (actual.isPresent() && !actual.get().equals(expected)) {
        discard(running.current.session());
        throw new DigestMismatchException(expected, actual.get());
      }
      StoredObject object;
      if (upload.parts().isEmpty()) {
        object = storeWhole(upload, expected);
      } else {
        running.join();
        boolean joined = false;
        try {
          object = joinParts(upload, running.current.session().key(), expected, actual);
          joined = true;
        } finally {
          if (!joined) {
            discard(running.current.session());
          }
        }
      }
      removeEnded(running.current.session());
      return object;
    } finally {
      busy.remove(id);
    }
  }

  /** See {@link BlobStore#put}. */
  StoredObject put(Digest expected, OptionalLong length, InputStream body)
      throws IOException, BadRangeException, DigestMismatchException {
    ObjectKey key = newKey();
    Map<String, String> metadata = Map.of("digest", expected.toString());
    BlobHash hash = BlobHash.Fast.start(expected.algorithm());
    try (S3Upload upload = new S3Upload(bucket, key, metadata, memory, hash, new AtomicLong())) {
      Body source = new Body(body);
      upload.receive(new Chunk(OptionalLong.empty(), length, body), source, () -> {});
      source.throwFailure();
      Digest actual = hash.digest();
      if (!actual.equals(expected)) {
        throw new DigestMismatchException(expected, actual);
      }
      if (upload.parts().isEmpty()) {
        return storeWhole(upload, expected);
      }
      if (upload.buffer().length() > 0) {
        upload.uploadPart();
      }
      StoredObject object = joinParts(upload, key, expected, Optional.of(actual));
      upload.keepMultipart();
      return object;
    }
  }

  /** See {@link BlobStore#cancel}. */
  void cancel(RepositoryName repository, UploadId id)
      throws IOException, UnknownUploadException, UploadBusyException {
    AtomicLong unusedReceived = occupy(id);
    try {
      S3Session session =
          sessions
              .find(id)
              .filter(found -> found.repository().equals(repository))
              .orElseThrow(() -> new UnknownUploadException(repository, id));
      sessions.remove(session);
    } finally {
      busy.remove(id);
    }
  }

  private AtomicLong occupy(UploadId id) throws UploadBusyException {
    AtomicLong received = new AtomicLong();
    if (busy.putIfAbsent(id, received) != null) {
      throw new UploadBusyException(id);
    }
    return received;
  }

  private S3Upload uploadOf(UploadId id, AtomicLong received) {
    BlobHash unused = BlobHash.Portable.start(Digest.Algorithm.SHA256);
    return new S3Upload(bucket, new ObjectKey("objects/" + id), Map.of(), memory, unused, received);
  }

  /**
   * Reads a session.
   *
   * @param expected the algorithm of the digest if this is the last chunk
   */
  private Running resume(
      RepositoryName repository,
      UploadId id,
      S3Upload upload,
      Chunk chunk,
      Optional<Digest.Algorithm> expected)
      throws IOException, UnknownUploadException {
    Stored stored =
        sessions
            .open(repository, id, upload, chunk.length().orElse(Long.MAX_VALUE))
            .orElseThrow(() -> new UnknownUploadException(repository, id));
    S3Session session = stored.session();
    Digest.Algorithm algorithm = expected.orElse(session.algorithm());
    // The last chunk arrives whole or not at all, so no state of its hash will have to be stored.
    BlobHash ifEmpty =
        expected.isPresent() ? BlobHash.Fast.start(algorithm) : BlobHash.Portable.start(algorithm);
    upload.resume(session, stored.details(), ifEmpty);
    return new Running(upload, stored);
  }

  /** A session while a call uses it. */
  private final class Running {
    private final S3Upload upload;
    private Stored current;
    private Instant stored = Instant.now();

    Running(S3Upload upload, Stored current) {
      this.upload = upload;
      this.current = current;
    }

    /**
     * @param stepwise whether what has arrived is stored from time to time
     */
    void receive(Chunk chunk, Body body, boolean stepwise)
        throws IOException, BadRangeException, UnknownUploadException, UploadBusyException {
      try {
        upload.receive(chunk, body, stepwise ? this::keepProgress : () -> {});
      } catch (OvertakenException e) {
        throw overtaken(e);
      } catch (S3RequestException e) {
        throw lost(e);
      }
    }

    private void keepProgress() throws IOException {
      if (Instant.now().isAfter(stored.plus(PROGRESS))) {
        store(current.session().after(upload, now()));
      }
    }

    /** Stores what was received. */
    UploadStatus keep() throws IOException, UnknownUploadException, UploadBusyException {
      try {
        upload.shortenTail();
        store(current.session().after(upload, now()));
      } catch (OvertakenException e) {
        throw overtaken(e);
      } catch (S3RequestException e) {
        throw lost(e);
      }
      return current.session().status();
    }

    /** Makes the rest a part and takes the session, so that this call alone joins the parts. */
    void join() throws IOException, UnknownUploadException, UploadBusyException {
      try {
        if (upload.buffer().length() > 0) {
          upload.uploadPart();
        }
        store(current.session().after(upload, now()).taken(now()));
      } catch (OvertakenException e) {
        throw overtaken(e);
      } catch (S3RequestException e) {
        throw lost(e);
      }
    }

    private void store(S3Session next) throws IOException {
      upload.keepMultipart();
      Details details = upload.details(next.revision());
      byte[] buffer = upload.buffer().array();
      Optional<Stored> done = sessions.replace(current, next, details, buffer);
      if (done.isEmpty()) {
        throw new OvertakenException(next.id());
      }
      current = done.get();
      stored = Instant.now();
    }

    /** Tells whether the session goes on elsewhere or has ended there. */
    private UploadBusyException overtaken(OvertakenException e)
        throws IOException, UnknownUploadException {
      S3Session session = current.session();
      UploadStatus unusedStatus = status(session.repository(), session.id());
      UploadBusyException other = new UploadBusyException(session.id());
      other.initCause(e);
      return other;
    }

    /** A session whose parts the bucket has dropped is given up; anything else is a failure. */
    private UnknownUploadException lost(S3RequestException e) throws S3RequestException {
      if (!e.is("NoSuchUpload")) {
        throw e;
      }
      S3Session session = current.session();
      log.warn("Upload {} is given up: the bucket has dropped its parts", session.id());
      removeEnded(session);
      UnknownUploadException unknown =
          new UnknownUploadException(session.repository(), session.id());
      unknown.initCause(e);
      return unknown;
    }
  }

  private StoredObject storeWhole(S3Upload upload, Digest digest) throws IOException {
    // A key of its own: should another node finish the same session, each has its own object.
    ObjectKey key = newKey();
    PartBuffer whole = upload.buffer();
    String unusedEtag =
        bucket.put(key.value(), whole.array(), whole.length(), Map.of("digest", digest.toString()));
    return new StoredObject(key, upload.size());
  }

  /** Makes the parts an object and checks it, if it could not be checked before. */
  private StoredObject joinParts(
      S3Upload upload, ObjectKey key, Digest expected, Optional<Digest> actual)
      throws IOException, DigestMismatchException {
    String multipart = upload.multipart().orElseThrow();
    boolean certain =
        bucket.completeMultipart(key.value(), multipart, upload.parts(), upload.size());
    if (!certain || actual.isEmpty()) {
      Digest stored = digestOf(key, upload.size(), expected.algorithm());
      if (!stored.equals(expected)) {
        bucket.delete(List.of(key.value()));
        throw new DigestMismatchException(expected, stored);
      }
    }
    return new StoredObject(key, upload.size());
  }

  private Digest digestOf(ObjectKey key, long size, Digest.Algorithm algorithm) throws IOException {
    BlobHash hash = BlobHash.Fast.start(algorithm);
    byte[] buffer = new byte[Buffers.SIZE];
    try (BlobContent content = new S3BlobContent(bucket, key.value(), size);
        InputStream in = content.stream(0, size)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        hash.update(buffer, 0, read);
      }
    } catch (BadRangeException e) {
      throw new IllegalStateException("every object has a first byte", e);
    }
    return hash.digest();
  }

  /** Removes a session that failed. */
  private void discard(S3Session session) {
    try {
      sessions.remove(session);
    } catch (IOException e) {
      log.warn(
          "Cannot remove upload {}: it stays until it is cancelled: {}",
          session.id(),
          e.getMessage());
    }
  }

  /** Removes a session whose parts are an object by now, or gone. */
  private void removeEnded(S3Session session) {
    try {
      bucket.delete(List.of(S3Session.name(session.id())));
    } catch (IOException e) {
      log.warn(
          "Cannot remove upload {}: it stays until it is cancelled: {}",
          session.id(),
          e.getMessage());
    }
  }

  private static ObjectKey newKey() {
    return new ObjectKey("objects/" + UploadId.random());
  }

  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MILLIS);
  }
}
