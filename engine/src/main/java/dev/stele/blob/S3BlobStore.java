package dev.stele.blob;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.stele.blob.S3Session.Details;
import dev.stele.blob.S3Sessions.Stored;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import okhttp3.OkHttpClient;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Blobs in a bucket of S3, MinIO or anything that speaks their protocol.
 *
 * <pre>
 * &lt;prefix&gt;objects/&lt;generation&gt;    an object, under the key that its parts were uploaded to
 * &lt;prefix&gt;uploads/&lt;upload id&gt;     a session: its state and the bytes that are in no part yet
 * &lt;prefix&gt;marker                  what {@link #mark} wrote
 * &lt;prefix&gt;probe/&lt;random&gt;          there for a moment
 * </pre>
 *
 * <p><b>Nothing is copied.</b> A blob shorter than one part ({@link PartSizes}) is stored by one
 * request when it is finished. A longer one is a multipart upload to its final key, and finishing
 * asks the bucket to join the parts: three or four requests, whatever the size.
 *
 * <p><b>Many nodes.</b> Between two requests everything about a session is in the bucket, the state
 * of the hash too, so any store on this bucket and prefix goes on with it. Two requests that use a
 * session at once on different nodes are noticed when the second stores its state: it throws {@link
 * UploadBusyException}, and its chunk is rolled back. That needs a service that heeds {@code
 * If-Match} on PutObject, as AWS and MinIO do; the store finds out when it is opened. With one that
 * does not, both may win in a window of milliseconds, and then the upload fails: either the digest
 * or a part is not the expected one. Never does an object have bytes other than its digest's.
 *
 * <p><b>Reading again.</b> The parts of an unfinished upload cannot be read. So if a blob of
 * several parts is finished with a digest of another algorithm than was hinted, the object is read
 * once after it was joined, and deleted if it is another. Meanwhile nobody has its key.
 *
 * <p><b>Failures of the bucket.</b> Requests are repeated ({@link S3Calls}). What still fails
 * throws and leaves the session at the last state that was stored, as a rule the one before the
 * call. When even the answer to storing a state is lost, the session is at either state; {@link
 * #status} tells.
 *
 * <p><b>Litter.</b> What a crash leaves are objects that no event names, which {@link #objects}
 * lists, and parts of multipart uploads that no session names. Let the bucket's lifecycle rules
 * abort incomplete multipart uploads after some days, but not before sessions are given up: their
 * parts are such uploads, too.
 */
public final class S3BlobStore implements BlobStore {
  private static final Logger log = LoggerFactory.getLogger(S3BlobStore.class);

  /** After how long a streamed chunk that is still arriving has its progress stored. */
  private static final Duration PROGRESS = Duration.ofSeconds(30);

  private static final String MARKER = "marker";

  private static final Pattern KEY =
      Pattern.compile("objects/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

  private final S3Bucket bucket;
  private final S3Sessions sessions;
  private final PartMemory memory;

  /** The sessions that a call here uses, with what they have received. */
  private final ConcurrentMap<UploadId, AtomicLong> busy = new ConcurrentHashMap<>();

  /** The marker as it was last read or written here. */
  private volatile Optional<Marker> marker = Optional.empty();

  private record Marker(String text, String etag) {}

  private S3BlobStore(S3Bucket bucket, PartMemory memory) {
    this.bucket = bucket;
    this.sessions = new S3Sessions(bucket);
    this.memory = memory;
  }

  /**
   * Opens the store, after writing, reading and deleting an object.
   *
   * @throws IOException if the bucket cannot be reached, does not exist or refuses the credentials;
   *     the message names it and says what is wrong
   */
  public static S3BlobStore open(S3Settings settings) throws IOException {
    return open(settings, UnaryOperator.identity());
  }

  /**
   * @param http changes the HTTP client
   */
  static S3BlobStore open(S3Settings settings, UnaryOperator<OkHttpClient.Builder> http)
      throws IOException {
    S3Bucket bucket = new S3Bucket(settings, http);
    try {
      bucket.tryOut();
    } catch (IOException e) {
      bucket.close();
      throw new IOException(
          "the bucket %s at %s cannot be used: %s"
              .formatted(settings.bucket(), settings.endpoint(), e.getMessage()),
          e);
    }
    if (!bucket.isConditional()) {
      log.warn(
          "{} does not heed If-Match: an upload that two nodes use at once may be lost",
          settings.endpoint());
    }
    return new S3BlobStore(bucket, new PartMemory(settings.partMemory()));
  }

  @Override
  public UploadId begin(RepositoryName repository, Digest.Algorithm hint) throws IOException {
    UploadId id = UploadId.random();
    sessions.create(S3Session.begin(id, repository, hint, now()));
    return id;
  }

  @Override
  public UploadStatus status(RepositoryName repository, UploadId id)
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
    return new UploadStatus(id, repository, arriving.get(), stored.startedAt(), now());
  }

  @Override
  public UploadStatus append(RepositoryName repository, UploadId id, Chunk chunk)
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

  @Override
  public StoredObject finish(RepositoryName repository, UploadId id, Chunk last, Digest expected)
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

  @Override
  public StoredObject put(Digest expected, OptionalLong length, InputStream body)
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

  @Override
  public void cancel(RepositoryName repository, UploadId id)
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

  @Override
  public OptionalLong size(ObjectKey key) throws IOException {
    if (!isObject(key)) {
      return OptionalLong.empty();
    }
    return bucket
        .head(key.value())
        .map(head -> OptionalLong.of(head.size()))
        .orElse(OptionalLong.empty());
  }

  @Override
  public BlobContent open(ObjectKey key) throws IOException, NoSuchObjectException {
    long size = size(key).orElseThrow(() -> new NoSuchObjectException(key));
    return new S3BlobContent(bucket, key.value(), size);
  }

  @Override
  public Optional<URI> presigned(ObjectKey key, Duration validity) throws IOException {
    return isObject(key) ? Optional.of(bucket.presigned(key.value(), validity)) : Optional.empty();
  }

  @Override
  public void delete(Collection<ObjectKey> keys) throws IOException {
    bucket.delete(
        keys.stream().filter(S3BlobStore::isObject).map(ObjectKey::value).distinct().toList());
  }

  @Override
  public Stream<StoredObject> objects() throws IOException {
    return bucket
        .list("objects/")
        .filter(listed -> KEY.matcher(listed.name()).matches())
        .map(listed -> new StoredObject(new ObjectKey(listed.name()), listed.size()));
  }

  @Override
  public Stream<UploadStatus> uploads() throws IOException {
    return sessions.all().map(S3Session::status);
  }

  @Override
  public Optional<String> marker() throws IOException {
    return readMarker().map(Marker::text);
  }

  private Optional<Marker> readMarker() throws IOException {
    Optional<Marker> read =
        bucket.read(
            MARKER,
            answer ->
                new Marker(
                    new String(answer.readNBytes(MARKER_CHARACTERS + 1), US_ASCII),
                    S3Bucket.etag(answer)));
    marker = read;
    return read;
  }

  @Override
  public boolean mark(Optional<String> expected, String next) throws IOException {
    Optional<Marker> current = marker;
    if (!current.map(Marker::text).equals(expected)) {
      current = readMarker();
      if (!current.map(Marker::text).equals(expected)) {
        return false;
      }
    }
    byte[] text = next.getBytes(US_ASCII);
    Map<String, String> metadata = Map.of("revision", UUID.randomUUID().toString());
    return switch (bucket.replace(MARKER, text, text.length, metadata, current.map(Marker::etag))) {
      case S3Bucket.Replacement.Done(String etag) -> {
        marker = Optional.of(new Marker(next, etag));
        yield true;
      }
      case S3Bucket.Replacement.Overtaken() -> {
        marker = Optional.empty();
        yield false;
      }
    };
  }

  @Override
  public void probe() throws IOException {
    bucket.tryOut();
  }

  private static boolean isObject(ObjectKey key) {
    return KEY.matcher(key.value()).matches();
  }

  private static ObjectKey newKey() {
    return new ObjectKey("objects/" + UploadId.random());
  }

  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MILLIS);
  }

  /** Ends what goes on in the background and the connections. No call may be running. */
  @Override
  public void close() {
    bucket.close();
  }
}
