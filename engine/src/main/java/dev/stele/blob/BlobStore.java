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
import java.util.stream.Stream;

/**
 * Keeps the bytes of blobs. It decides nothing about what exists for clients: the log does, by
 * recording the key of what {@link #finish} or {@link #put} stored.
 *
 * <p><b>Thread safety.</b> All methods are safe for concurrent use. An upload session is used by
 * one request at a time: {@link #append}, {@link #finish} and {@link #cancel} of a session that
 * another call is using throw {@link UploadBusyException} at once and change nothing; {@link
 * #status} answers at any time.
 *
 * <p><b>Durability.</b> When {@link #finish} or {@link #put} has returned, the object survives
 * power loss. Everything else survives the end of the process, but perhaps not power loss; a
 * session that lost bytes this way cannot be finished with a digest that the bytes do not have.
 *
 * <p><b>Atomicity.</b> INVARIANT: an object is complete, checked and durable before it can be read
 * under its key, and never changes afterwards.
 *
 * <p><b>Memory.</b> Bounded per running call, whatever the blob's size.
 *
 * <p><b>Errors.</b> Bodies are read here, so an {@link IOException} can be the client's fault
 * ({@link BodyReadException}) or the store's (anything else; {@link InsufficientStorageException}
 * if it is full, {@link BlobTooLargeException} if it can never take so much, {@link
 * StoreUnavailableException} if it is away or overloaded for now). An unchecked exception that a
 * body throws passes through, and leaves the session as a {@link BodyReadException} would.
 */
public interface BlobStore extends AutoCloseable {
  /** The longest marker. */
  int MARKER_CHARACTERS = 1000;

  /**
   * Opens an upload session. Nothing is made durable, so this is cheap.
   *
   * @param hint the algorithm of the digest that {@link #finish} will probably be given; another
   *     one works too, but costs a second reading of the bytes
   */
  UploadId begin(RepositoryName repository, Digest.Algorithm hint) throws IOException;

  /**
   * What the session has received, also while a chunk is arriving.
   *
   * @throws UnknownUploadException if this repository has no such open session
   */
  UploadStatus status(RepositoryName repository, UploadId id)
      throws IOException, UnknownUploadException;

  /**
   * Appends a chunk and answers the session's state after it.
   *
   * <p>If the body fails before its end, what arrived stays, and the upload goes on from there:
   * {@link #status} tells where that is. If the store fails, the chunk is rolled back; if even that
   * is impossible, or a write is known to be lost, the session is given up and its id becomes
   * unknown. A store that several nodes share may have stored some of a long streamed chunk by
   * then, and leave that; and if the answer to its last write was lost, the chunk is either there
   * or not, which {@link #status} tells.
   *
   * @throws BadRangeException if the chunk does not begin at the current size, or its body is
   *     shorter or longer than declared; nothing changed and the session stays usable
   * @throws UnknownUploadException if this repository has no such open session
   * @throws UploadBusyException if another call is using the session
   */
  UploadStatus append(RepositoryName repository, UploadId id, Chunk chunk)
      throws IOException, BadRangeException, UnknownUploadException, UploadBusyException;

  /**
   * Appends the last chunk, of which nothing stays if its body fails, so that the client can send
   * the request again as it was; checks the digest, makes the object durable under a new key and
   * ends the session. The time after the last byte arrived does not depend on the blob's size,
   * unless the expected algorithm is not the hinted one or the store, on a local disk, was
   * restarted since the session began: then the bytes are read once more.
   *
   * <p>If making it durable fails, the session of a store on a local disk is given up: what a disk
   * reports as unwritten once it may report as written the next time. A store elsewhere may leave
   * it as it was, to be finished again. Should the process die meanwhile, either the session is
   * still there or it is not, and an object may be left that nobody knows about ({@link #objects}
   * shows it).
   *
   * @throws BadRangeException as for {@link #append}; the session stays usable
   * @throws DigestMismatchException if the bytes are others; the session is ended, its bytes
   *     removed
   * @throws UnknownUploadException if this repository has no such open session
   * @throws UploadBusyException if another call is using the session
   */
  StoredObject finish(RepositoryName repository, UploadId id, Chunk last, Digest expected)
      throws IOException,
          BadRangeException,
          DigestMismatchException,
          UnknownUploadException,
          UploadBusyException;

  /**
   * Stores a whole blob at once, durably, without a session. On any exception nothing is left.
   *
   * @param length how many bytes the body is declared to have, if it is
   * @throws BadRangeException if the body is shorter or longer than declared
   * @throws DigestMismatchException if the bytes are others
   */
  StoredObject put(Digest expected, OptionalLong length, InputStream body)
      throws IOException, BadRangeException, DigestMismatchException;

  /**
   * Ends a session and removes its bytes.
   *
   * @throws UnknownUploadException if this repository has no such open session
   * @throws UploadBusyException if another call is using the session
   */
  void cancel(RepositoryName repository, UploadId id)
      throws IOException, UnknownUploadException, UploadBusyException;

  /**
   * The size in bytes of what the store has under this key, empty if it has nothing. A key that
   * this store could not have made has nothing.
   */
  OptionalLong size(ObjectKey key) throws IOException;

  /**
   * Opens an object for reading.
   *
   * @throws NoSuchObjectException if the store has nothing under this key
   */
  BlobContent open(ObjectKey key) throws IOException, NoSuchObjectException;

  /**
   * A URL under which anybody can GET the object, range requests included, without asking this
   * server; empty if the store has no such thing. It is not checked whether the object is there.
   *
   * @param validity how long from now it works: whole seconds, at least one, at most seven days
   */
  default Optional<URI> presigned(ObjectKey key, Duration validity) throws IOException {
    return Optional.empty();
  }

  /**
   * Removes objects; those that are absent are no error. Not atomic, and power loss may undo it, so
   * repeat it when in doubt. One that cannot be removed does not keep the others from being
   * removed; the exception comes at the end.
   */
  void delete(Collection<ObjectKey> keys) throws IOException;

  /**
   * All objects, in no particular order, fetched as the stream is consumed. What is stored or
   * deleted meanwhile may appear or not. Close the stream; it throws {@link
   * java.io.UncheckedIOException}.
   */
  Stream<StoredObject> objects() throws IOException;

  /** Whether no other process takes uploads in the store, so that this one may end old ones. */
  default boolean ownsUploads() {
    return false;
  }

  /** The open sessions, under the same terms as {@link #objects}. */
  Stream<UploadStatus> uploads() throws IOException;

  /**
   * What {@link #mark} last wrote about the store; empty if nobody has. Whoever writes it decides
   * what it says: for this store it is text.
   */
  Optional<String> marker() throws IOException;

  /**
   * Replaces the marker, durably, if it is what the caller takes it for. Of several callers, on any
   * node, that expect the same at once, one succeeds. If this throws, the marker is either.
   *
   * @param expected the marker to replace; empty to write the first one
   * @param next another text than ever before; at most {@value #MARKER_CHARACTERS} characters of
   *     ASCII
   * @return false if the marker was another one; then nothing changed
   */
  boolean mark(Optional<String> expected, String next) throws IOException;

  /**
   * Tries whether the store can be written and read now, for readiness.
   *
   * @throws IOException if it cannot; the message says what is wrong
   */
  void probe() throws IOException;

  /**
   * What an operator must see to though the store can be read, for anybody to read; empty while
   * there is nothing. Answers at once.
   *
   * @param name of the store
   */
  default Optional<String> alarm(String name) {
    return Optional.empty();
  }

  /** Releases what the store holds in memory. Sessions and objects stay. */
  @Override
  void close() throws IOException;
}
