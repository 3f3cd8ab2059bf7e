package dev.stele.blob;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * Blobs in a folder of a local file system.
 *
 * <pre>
 * lock                               which process has the folder
 * marker, marker.lock                what {@link #mark} wrote, and what keeps two writers apart
 * uploads/&lt;repository&gt;/&lt;upload id&gt;     what a session has received; with + for / in the name
 * uploads/&lt;id&gt;.whole                   a blob that is being put at once
 * &lt;algorithm&gt;/&lt;2 hex&gt;/&lt;hex&gt;.&lt;upload id&gt;   an object: digest and generation
 * </pre>
 *
 * <p>So the disk alone tells what is what. An old {@code .whole} file is what a crash left, as is
 * whatever else lies among the sessions; such litter is removed at the next start once it is a day
 * old.
 *
 * <p>The folder belongs to one process at a time, since the rule of one request a session is kept
 * in memory: a lock in it says whose. Another process may open it {@linkplain #beside beside that}
 * one, to look at everything and to remove objects, but takes no uploads there.
 *
 * <p>Two file system properties are needed: {@code rename} is atomic, and {@code fsync} of a file
 * and of a folder means what it says.
 */
public final class DiskBlobStore implements BlobStore {
  private final DiskFolder folder;
  private final DiskLimits limits;
  private final MarkerFile marker;
  private final DiskObjects objects;
  private final SessionFiles sessions;
  private final DiskUploads uploads;

  /** Absent in a store that was opened beside another one. */
  private final Optional<FolderLock> lock;

  /**
   * Opens the store in this folder, which is made if it is missing.
   *
   * @throws IOException if the folder cannot be made or written, or another store has it; the
   *     message names it
   */
  public DiskBlobStore(Path root) throws IOException {
    this(root, DiskLimits.DEFAULT);
  }

  /** The same within limits. */
  public DiskBlobStore(Path root, DiskLimits limits) throws IOException {
    this(root, limits, true);
  }

  /**
   * Opens the store of a folder that another process may have: for everything but uploads, which
   * are that one's.
   *
   * @throws IOException if the folder cannot be made or written; the message names it
   */
  public static DiskBlobStore beside(Path root) throws IOException {
    return new DiskBlobStore(root, DiskLimits.DEFAULT, false);
  }

  private DiskBlobStore(Path root, DiskLimits limits, boolean owned) throws IOException {
    this.limits = limits;
    Optional<FolderLock> taken = Optional.empty();
    try {
      this.folder = new DiskFolder(root);
      this.marker = new MarkerFile(folder.root());
      this.objects = new DiskObjects(folder.root());
      this.sessions = new SessionFiles(folder.uploads());
      taken = owned ? Optional.of(lock(root)) : Optional.empty();
      this.lock = taken;
      probe();
      this.uploads = new DiskUploads(folder, limits, sessions, objects, owned);
      if (owned) {
        uploads.resume();
      }
    } catch (IOException | UncheckedIOException e) {
      if (taken.isPresent()) {
        taken.get().close();
      }
      IOException failure =
          e instanceof UncheckedIOException wrapped ? wrapped.getCause() : (IOException) e;
      throw new IOException(
          "the blob folder %s cannot be used: %s".formatted(root, FileFailure.reason(failure)), e);
    }
  }

  private static FolderLock lock(Path root) throws IOException {
    return switch (FolderLock.take(root)) {
      case FolderLock.Attempt.Taken(FolderLock lock) -> lock;
      case FolderLock.Attempt.InUse inUse ->
          throw new FileSystemException(
              root.toString(),
              null,
              "it is in use by another stele"
                  + inUse.who()
                  + "; several servers can share a bucket, but not a folder: stop that one, or give"
                  + " this one a folder of its own");
    };
  }

  @Override
  public UploadId begin(RepositoryName repository, Digest.Algorithm hint) throws IOException {
    return uploads.begin(repository, hint);
  }

  @Override
  public UploadStatus status(RepositoryName repository, UploadId id)
      throws IOException, UnknownUploadException {
    return sessions.status(repository, id);
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
    return objects.size(key);
  }

  @Override
  public BlobContent open(ObjectKey key) throws IOException, NoSuchObjectException {
    return objects.open(key);
  }

  @Override
  public void delete(Collection<ObjectKey> keys) throws IOException {
    objects.delete(keys);
  }

  @Override
  public boolean ownsUploads() {
    return lock.isPresent();
  }

  @Override
  public Stream<StoredObject> objects() {
    return objects.all();
  }

  @Override
  public Stream<UploadStatus> uploads() {
    return sessions.all();
  }

  @Override
  public Optional<String> marker() throws IOException {
    return marker.read();
  }

  @Override
  public boolean mark(Optional<String> expected, String next) throws IOException {
    try {
      return marker.replace(expected, next);
    } catch (IOException e) {
      throw folder.explain(e);
    }
  }

  @Override
  public Optional<String> alarm(String name) {
    return limits.alarm("blob store " + name, folder.root(), 0);
  }

  @Override
  public void probe() throws IOException {
    if (!Files.isDirectory(folder.uploads())) {
      throw new FileSystemException(
          folder.root().toString(),
          null,
          "the folder is gone, or what was in it: mount it or put it back; the server need not be"
              + " started again");
    }
    Path file = sessions.whole(UploadId.random());
    try {
      Files.write(file, new byte[] {1}, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (IOException e) {
      // A full disk can still be read, and takes what makes room.
      if (!(folder.explain(e) instanceof InsufficientStorageException)) {
        throw e;
      }
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /** Stops the threads that write out and gives the folder up. No call may be running. */
  @Override
  public void close() throws IOException {
    uploads.close();
    if (lock.isPresent()) {
      lock.get().close();
    }
  }
}
