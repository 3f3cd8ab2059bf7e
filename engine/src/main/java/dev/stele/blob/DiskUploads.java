package dev.stele.blob;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes uploads into a {@link DiskBlobStore}: one request at a time uses a session, within the
 * limits, and what is whole becomes an object. Safe for use by several threads.
 */
final class DiskUploads implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DiskUploads.class);

  private final DiskFolder folder;
  private final DiskLimits limits;
  private final SessionFiles files;
  private final DiskObjects objects;

  /** Beside its server nobody can know which sessions it is using. */
  private final boolean owned;

  private final OpenUploads openUploads;
  private final Set<UploadId> busy = ConcurrentHashMap.newKeySet();
  private final WriteBehind writeBehind = new WriteBehind();
  private final Buffers buffers = new Buffers();

  /**
   * @param owned whether this process has the folder; if not, nothing is taken
   */
  DiskUploads(
      DiskFolder folder,
      DiskLimits limits,
      SessionFiles files,
      DiskObjects objects,
      boolean owned) {
    this.folder = folder;
    this.limits = limits;
    this.files = files;
    this.objects = objects;
    this.owned = owned;
    this.openUploads = new OpenUploads(limits);
  }

  /** Takes in what earlier processes left: their sessions go on, their litter is removed. */
  void resume() throws IOException {
    files.removeLitter();
    try (Stream<UploadStatus> uploads = files.all()) {
      uploads.forEach(upload -> openUploads.add(upload.id(), upload.size()));
    }
  }

  private void requireOwned() throws IOException {
    if (!owned) {
      throw new IOException(
          "the blob folder "
              + folder.root()
              + " was opened beside its server, which alone takes uploads");
    }
  }

  /** See {@link BlobStore#begin}. */
  UploadId begin(RepositoryName repository, Digest.Algorithm hint) throws IOException {
    requireOwned();
    limits.requireRoom(folder.root(), 0);
    UploadId id = UploadId.random();
    while (!openUploads.open(id)) {
      makeWay();
    }
    try {
      files.create(
          id, new UploadSession(repository, hint, Instant.now().truncatedTo(ChronoUnit.MILLIS)));
    } catch (IOException e) {
      discard(id);
      throw folder.explain(e);
    }
    return id;
  }

  /**
   * Ends the session that was begun first of those that nothing was sent to: a client sends at
   * once, so whoever opens many and sends nothing only pushes out their own.
   */
  private void makeWay() throws InsufficientStorageException {
    UploadId oldest =
        openUploads.oldestEmpty(id -> !busy.contains(id)).orElseThrow(openUploads::full);
    if (busy.add(oldest)) {
      try {
        if (openUploads.isEmpty(oldest)) {
          discard(oldest);
        }
      } finally {
        busy.remove(oldest);
      }
    }
  }

  /** See {@link BlobStore#append}. */
  UploadStatus append(RepositoryName repository, UploadId id, Chunk chunk)
      throws IOException, BadRangeException, UnknownUploadException, UploadBusyException {
    UploadSession session = files.read(repository, id);
    occupy(id);
    try {
      UploadFile file = openData(repository, id, session.hint());
      try (file) {
        receive(file, chunk, true);
      } finally {
        keepOrGiveUp(id, file);
      }
      return files.status(repository, id);
    } catch (IOException e) {
      throw folder.explain(e);
    } finally {
      release(id);
    }
  }

  /** See {@link BlobStore#finish}. */
  StoredObject finish(RepositoryName repository, UploadId id, Chunk last, Digest expected)
      throws IOException,
          BadRangeException,
          DigestMismatchException,
          UnknownUploadException,
          UploadBusyException {
    UploadSession unusedSession = files.read(repository, id);
    occupy(id);
    try {
      // Whatever the hint was: if the bytes are still to be hashed, then for what is expected.
      UploadFile file = openData(repository, id, expected.algorithm());
      boolean received = false;
      try (file) {
        receive(file, last, false);
        received = true;
        return seal(file, files.data(id), expected, id);
      } finally {
        if (received) {
          discard(id);
        } else {
          keepOrGiveUp(id, file);
        }
      }
    } catch (IOException e) {
      throw folder.explain(e);
    } finally {
      release(id);
    }
  }

  /** See {@link BlobStore#put}. */
  StoredObject put(Digest expected, OptionalLong length, InputStream body)
      throws IOException, BadRangeException, DigestMismatchException {
    requireOwned();
    UploadId generation = UploadId.random();
    Path whole = files.whole(generation);
    boolean stored = false;
    busy.add(generation);
    openUploads.add(generation, 0);
    try (UploadFile file = writeBehind.create(whole, expected.algorithm(), growth(generation))) {
      receive(file, new Chunk(OptionalLong.empty(), length, body), false);
      StoredObject object = seal(file, whole, expected, generation);
      stored = true;
      return object;
    } catch (IOException e) {
      throw folder.explain(e);
    } finally {
      openUploads.end(generation);
      busy.remove(generation);
      if (!stored) {
        SessionFiles.tryToRemove(whole);
      }
    }
  }

  /** See {@link BlobStore#cancel}. */
  void cancel(RepositoryName repository, UploadId id)
      throws IOException, UnknownUploadException, UploadBusyException {
    UploadSession unusedSession = files.read(repository, id);
    occupy(id);
    try {
      if (!files.end(id)) {
        throw new UnknownUploadException(repository, id);
      }
      writeBehind.forget(id);
      openUploads.end(id);
      files.removeRest(id);
    } finally {
      release(id);
    }
  }

  private void occupy(UploadId id) throws UploadBusyException {
    if (!owned || !busy.add(id)) {
      throw new UploadBusyException(id);
    }
  }

  /** Ends a request's use of a session, and the session if its bytes turned out bad meanwhile. */
  private void release(UploadId id) {
    busy.remove(id);
    if (!writeBehind.isTrusted(id) && busy.add(id)) {
      try {
        discard(id);
      } finally {
        busy.remove(id);
      }
    }
  }

  private UploadFile openData(RepositoryName repository, UploadId id, Digest.Algorithm algorithm)
      throws IOException, UnknownUploadException {
    if (!writeBehind.isTrusted(id)) {
      discard(id);
      throw new UnknownUploadException(repository, id);
    }
    try {
      return writeBehind.open(id, files.data(id), algorithm, growth(id));
    } catch (NoSuchFileException e) {
      // Another request ended the session before this one occupied it, or a crash did.
      UnknownUploadException unknown = new UnknownUploadException(repository, id);
      unknown.initCause(e);
      throw unknown;
    }
  }

  /** What an upload is asked for as it grows. */
  private UploadFile.Growth growth(UploadId id) {
    return bytes -> {
      limits.requireRoom(folder.root(), bytes);
      openUploads.grow(id, bytes);
    };
  }

  private void receive(UploadFile file, Chunk chunk, boolean resumable)
      throws IOException, BadRangeException {
    long declared = chunk.length().orElse(0);
    if (declared > 0) {
      limits.requireRoom(folder.root(), declared);
    }
    byte[] buffer = buffers.take();
    try {
      file.receive(chunk, resumable, buffer);
    } finally {
      buffers.giveBack(buffer);
    }
  }

  /** Checks the digest and makes the file an object. */
  private StoredObject seal(UploadFile file, Path path, Digest expected, UploadId generation)
      throws IOException, DigestMismatchException {
    byte[] buffer = buffers.take();
    try {
      Digest actual = file.digest(expected.algorithm(), buffer);
      if (!actual.equals(expected)) {
        throw new DigestMismatchException(expected, actual);
      }
    } finally {
      buffers.giveBack(buffer);
    }
    file.force();
    return new StoredObject(objects.publish(path, expected, generation), file.size());
  }

  /** Leaves the session to the next request, if its file is what it should be. */
  private void keepOrGiveUp(UploadId id, UploadFile file) {
    if (!file.isUnusable()) {
      openUploads.settle(id, file.size());
      writeBehind.leave(id, file, () -> endUnwritten(id));
    }
    if (file.isUnusable()) {
      writeBehind.distrust(id);
      log.warn("Upload {} is given up: its file can no longer be trusted", id);
      discard(id);
    }
  }

  /**
   * Ends a session whose bytes could not be written out at once, also if a request has it, which
   * learns of this in its turn: after a restart nobody would know that what a disk reported as
   * unwritten must not be trusted.
   */
  private void endUnwritten(UploadId id) {
    files.tryToEnd(id);
    if (busy.add(id)) {
      release(id);
    }
  }

  private void discard(UploadId id) {
    writeBehind.forget(id);
    openUploads.end(id);
    if (files.tryToRemove(id)) {
      writeBehind.gone(id);
    }
  }

  /** Ends what goes on in the background. No call may be running. */
  @Override
  public void close() {
    writeBehind.close();
  }
}
