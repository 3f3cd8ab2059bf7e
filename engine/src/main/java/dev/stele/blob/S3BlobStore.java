package dev.stele.blob;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.OptionalLong;
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

  private static final Pattern KEY =
      Pattern.compile("objects/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

  private final S3Bucket bucket;
  private final S3Sessions sessions;
  private final S3Uploads uploads;
  private final S3Marker marker;

  private S3BlobStore(S3Bucket bucket, PartMemory memory) {
    this.bucket = bucket;
    this.sessions = new S3Sessions(bucket);
    this.uploads = new S3Uploads(bucket, sessions, memory);
    this.marker = new S3Marker(bucket);
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
    return uploads.begin(repository, hint);
  }

  @Override
  public UploadStatus status(RepositoryName repository, UploadId id)
      throws IOException, UnknownUploadException {
    return uploads.status(repository, id);
  }

  @Override
  public UploadStatus append(RepositoryName repository, UploadId id, Chunk chunk)
      throws IOException, BadRangeException, UnknownUploadException, UploadBusyException {
    return uploads.append(repository, id, chunk);
  }

  @Override
  public StoredObject finish(RepositoryName repository, UploadId id, Chunk last, Digest expected)
      throws IOException,
          BadRangeException,
          DigestMismatchException,
          UnknownUploadException,
          UploadBusyException {
    return uploads.finish(repository, id, last, expected);
  }

  @Override
  public StoredObject put(Digest expected, OptionalLong length, InputStream body)
      throws IOException, BadRangeException, DigestMismatchException {
    return uploads.put(expected, length, body);
  }

  @Override
  public void cancel(RepositoryName repository, UploadId id)
      throws IOException, UnknownUploadException, UploadBusyException {
    uploads.cancel(repository, id);
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
    return marker.read();
  }

  @Override
  public boolean mark(Optional<String> expected, String next) throws IOException {
    return marker.replace(expected, next);
  }

  @Override
  public void probe() throws IOException {
    bucket.tryOut();
  }

  private static boolean isObject(ObjectKey key) {
    return KEY.matcher(key.value()).matches();
  }

  /** Ends what goes on in the background and the connections. No call may be running. */
  @Override
  public void close() {
    bucket.close();
  }
}
