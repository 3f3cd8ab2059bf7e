package dev.stele.blob;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
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
  private final Set<Path> busy = ConcurrentHashMap.newKeySet();
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
      uploads.forEach(
          upload -> openUploads.add(files.file(upload.repository(), upload.id()), upload.size()));
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
    Path session = files.file(repository, id);
    // Until its file is there, it is nobody's to push out.
    boolean _ = busy.add(session);
    try {
      while (!openUploads.open(session)) {
        makeWay();
      }
      SessionFiles.create(session);
      writeBehind.begin(session, hint);
    } catch (IOException e) {
      discard(session);
      throw folder.explain(e);
    } finally {
      busy.remove(session);
    }
    return id;
  }

  /**
   * Ends the session that was begun first of those that nothing was sent to: a client sends at
   * once, so whoever opens many and sends nothing only pushes out their own.
   */
  private void makeWay() throws InsufficientStorageException {
    Path oldest =
        openUploads.oldestEmpty(upload -> !busy.contains(upload)).orElseThrow(openUploads::full);
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
    Path session = occupy(repository, id);
    try {
      UploadFile file = open(session, Optional.empty(), repository, id);
      try (file) {
        receive(file, chunk, true);
      } finally {
        keepOrGiveUp(session, file);
      }
      return files.status(repository, id);
    } catch (IOException e) {
      throw folder.explain(e);
    } finally {
      release(session);
    }
  }

  /** See {@link BlobStore#finish}. */
  StoredObject finish(RepositoryName repository, UploadId id, Chunk last, Digest expected)
      throws IOException,
          BadRangeException,
          DigestMismatchException,
          UnknownUploadException,
          UploadBusyException {
    Path session = occupy(repository, id);
    try {
      // Whatever the hint was: if the bytes are still to be hashed, then for what is expected.
      UploadFile file = open(session, Optional.of(expected.algorithm()), repository, id);
      boolean sealed = false;
      boolean received = false;
      try (file) {
        receive(file, last, false);
        received = true;
        StoredObject object = seal(file, session, expected, id);
        sealed = true;
        return object;
      } finally {
        if (sealed) {
          forget(session);
        } else if (received) {
          discard(session);
        } else {
          keepOrGiveUp(session, file);
        }
      }
    } catch (IOException e) {
      throw folder.explain(e);
    } finally {
      release(session);
    }
  }

  /** See {@link BlobStore#put}. */
  StoredObject put(Digest expected, OptionalLong length, InputStream body)
      throws IOException, BadRangeException, DigestMismatchException {
    requireOwned();
    UploadId generation = UploadId.random();
    Path whole = files.whole(generation);
    boolean stored = false;
    busy.add(whole);
    openUploads.add(whole, 0);
    try (UploadFile file = writeBehind.create(whole, expected.algorithm(), growth(whole))) {
      receive(file, new Chunk(OptionalLong.empty(), length, body), false);
      StoredObject object = seal(file, whole, expected, generation);
      stored = true;
      return object;
    } catch (IOException e) {
      throw folder.explain(e);
    } finally {
      openUploads.end(whole);
      busy.remove(whole);
      if (!stored) {
        SessionFiles.tryToRemove(whole);
      }
    }
  }

  /** See {@link BlobStore#cancel}. */
  void cancel(RepositoryName repository, UploadId id)
      throws IOException, UnknownUploadException, UploadBusyException {
    Path session = occupy(repository, id);
    try {
      if (!SessionFiles.end(session)) {
        throw new UnknownUploadException(repository, id);
      }
    } finally {
      if (Files.notExists(session)) {
        forget(session);
      }
      release(session);
    }
  }

  /** Answers the file of a session, which no other request has until it is released. */
  private Path occupy(RepositoryName repository, UploadId id)
      throws IOException, UnknownUploadException, UploadBusyException {
    Path session = files.file(repository, id);
    if (owned && busy.add(session)) {
      return session;
    }
    UploadStatus _ = files.status(repository, id);
    throw new UploadBusyException(id);
  }

  /** Ends a request's use of a session, and the session if its bytes turned out bad meanwhile. */
  private void release(Path session) {
    busy.remove(session);
    if (!writeBehind.isTrusted(session) && busy.add(session)) {
      try {
        discard(session);
      } finally {
        busy.remove(session);
      }
    }
  }

  /**
   * Opens the file of a session.
   *
   * @param algorithm what to hash with if that is still open; absent for the session's hint
   */
  private UploadFile open(
      Path session, Optional<Digest.Algorithm> algorithm, RepositoryName repository, UploadId id)
      throws IOException, UnknownUploadException {
    if (!writeBehind.isTrusted(session)) {
      discard(session);
      throw new UnknownUploadException(repository, id);
    }
    try {
      return writeBehind.open(session, algorithm, growth(session));
    } catch (NoSuchFileException e) {
      UnknownUploadException unknown = new UnknownUploadException(repository, id);
      unknown.initCause(e);
      throw unknown;
    }
  }

  /** What an upload is asked for as it grows. */
  private UploadFile.Growth growth(Path upload) {
    return bytes -> {
      limits.requireRoom(folder.root(), bytes);
      openUploads.grow(upload, bytes);
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
  private void keepOrGiveUp(Path session, UploadFile file) {
    if (!file.isUnusable()) {
      openUploads.settle(session, file.size());
      writeBehind.leave(session, file, () -> endUnwritten(session));
    }
    if (file.isUnusable()) {
      writeBehind.distrust(session);
      log.warn("Upload {} is given up: its file can no longer be trusted", session);
      discard(session);
    }
  }

  /**
   * Ends a session whose bytes could not be written out at once, also if a request has it, which
   * learns of this in its turn: after a restart nobody would know that what a disk reported as
   * unwritten must not be trusted.
   */
  private void endUnwritten(Path session) {
    SessionFiles.tryToRemove(session);
    if (busy.add(session)) {
      release(session);
    }
  }

  /** Forgets a session whose file is gone. */
  private void forget(Path session) {
    writeBehind.forget(session);
    openUploads.end(session);
  }

  private void discard(Path session) {
    forget(session);
    try {
      boolean _ = SessionFiles.end(session);
    } catch (IOException e) {
      log.warn("Cannot remove {}: its upload is over all the same, if it can be later", session, e);
    }
    if (Files.notExists(session)) {
      writeBehind.gone(session);
    }
  }

  /** Ends what goes on in the background. No call may be running. */
  @Override
  public void close() {
    writeBehind.close();
  }
}
