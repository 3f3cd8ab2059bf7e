package dev.stele.blob;

import dev.stele.oci.Digest;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Blobs in a folder of a local file system.
 *
 * <pre>
 * lock                               which process has the folder
 * marker, marker.lock                what {@link #mark} wrote, and what keeps two writers apart
 * uploads/&lt;upload id&gt;/session          repository, hinted algorithm and start of a session
 * uploads/&lt;upload id&gt;/data             what it has received
 * uploads/&lt;id&gt;.whole                   a blob that is being put at once
 * &lt;algorithm&gt;/&lt;2 hex&gt;/&lt;hex&gt;.&lt;upload id&gt;   an object: digest and generation
 * </pre>
 *
 * <p>So the disk alone tells what is what. A session needs both of its files: one without them is
 * what a crash left, and so is an old {@code .whole} file; such litter is removed at the next start
 * once it is a day old.
 *
 * <p>The folder belongs to one process at a time, since the rule of one request a session is kept
 * in memory: a lock in it says whose. Another process may open it {@linkplain #beside beside that}
 * one, to look at everything and to remove objects, but takes no uploads there.
 *
 * <p>Two file system properties are needed: {@code rename} is atomic, and {@code fsync} of a file
 * and of a folder means what it says.
 */
public final class DiskBlobStore implements BlobStore {
  private static final Logger log = LoggerFactory.getLogger(DiskBlobStore.class);
  private static final Duration LITTER_AGE = Duration.ofDays(1);
  private static final int WRITE_OUT_THREADS = 4;

  private final DiskLayout layout;
  private final DiskLimits limits;
  private final OpenUploads openUploads;
  private final MarkerFile marker;

  /** Absent in a store that was opened beside another one. */
  private final Optional<FolderLock> lock;

  private final Set<UploadId> busy = ConcurrentHashMap.newKeySet();
  private final RunningHashes hashes = new RunningHashes();

  /** What is being written out of sessions that no request uses now, or could not be. */
  private final Map<UploadId, CompletableFuture<Void>> leftFiles = new ConcurrentHashMap<>();

  /**
   * Sessions whose bytes a disk reported as unwritten, until their files are gone: a disk in that
   * state may refuse to remove them as well.
   */
  private final Set<UploadId> untrusted = ConcurrentHashMap.newKeySet();

  private final Buffers buffers = new Buffers();
  private final ExecutorService writeOut =
      Executors.newFixedThreadPool(
          WRITE_OUT_THREADS, Thread.ofPlatform().daemon().name("blob-write-out-", 0).factory());

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
    this.openUploads = new OpenUploads(limits);
    Optional<FolderLock> taken = Optional.empty();
    try {
      this.layout = new DiskLayout(root);
      this.marker = new MarkerFile(layout.root());
      taken = owned ? Optional.of(lock(root)) : Optional.empty();
      this.lock = taken;
      probe();
      if (owned) {
        removeLitter();
        try (Stream<UploadStatus> uploads = uploads()) {
          uploads.forEach(upload -> openUploads.add(upload.id(), upload.size()));
        }
      }
    } catch (IOException | UncheckedIOException e) {
      writeOut.shutdown();
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

  private void requireOwned() throws IOException {
    if (lock.isEmpty()) {
      throw new IOException(
          "the blob folder "
              + layout.root()
              + " was opened beside its server, which alone takes uploads");
    }
  }

  @Override
  public UploadId begin(RepositoryName repository, Digest.Algorithm hint) throws IOException {
    requireOwned();
    limits.requireRoom(layout.root(), 0);
    UploadId id = UploadId.random();
    while (!openUploads.open(id)) {
      makeWay();
    }
    try {
      Files.createDirectory(layout.uploadFolder(id), OwnerOnly.folder());
      Files.createFile(layout.dataFile(id), OwnerOnly.file());
      new UploadSession(repository, hint, Instant.now().truncatedTo(ChronoUnit.MILLIS))
          .write(layout.sessionFile(id));
    } catch (IOException e) {
      discard(id);
      throw layout.explain(e);
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

  @Override
  public UploadStatus status(RepositoryName repository, UploadId id)
      throws IOException, UnknownUploadException {
    return find(id)
        .filter(status -> status.repository().equals(repository))
        .orElseThrow(() -> new UnknownUploadException(repository, id));
  }

  private Optional<UploadStatus> find(UploadId id) throws IOException {
    Optional<UploadSession> session = UploadSession.read(layout.sessionFile(id));
    if (session.isEmpty()) {
      return Optional.empty();
    }
    Optional<BasicFileAttributes> data = DiskLayout.attributes(layout.dataFile(id));
    return data.map(
        attributes -> {
          Instant written = attributes.lastModifiedTime().toInstant();
          Instant started = session.get().startedAt();
          return new UploadStatus(
              id,
              session.get().repository(),
              attributes.size(),
              started,
              written.isAfter(started) ? written : started);
        });
  }

  @Override
  public UploadStatus append(RepositoryName repository, UploadId id, Chunk chunk)
      throws IOException, BadRangeException, UnknownUploadException, UploadBusyException {
    UploadSession session = session(repository, id);
    occupy(id);
    try {
      UploadFile file = openData(repository, id, session.hint());
      try (file) {
        receive(file, chunk, true);
      } finally {
        keepOrGiveUp(id, file);
      }
      return status(repository, id);
    } catch (IOException e) {
      throw layout.explain(e);
    } finally {
      release(id);
    }
  }

  @Override
  public StoredObject finish(RepositoryName repository, UploadId id, Chunk last, Digest expected)
      throws IOException,
          BadRangeException,
          DigestMismatchException,
          UnknownUploadException,
          UploadBusyException {
    UploadSession unusedSession = session(repository, id);
    occupy(id);
    try {
      // Whatever the hint was: if the bytes are still to be hashed, then for what is expected.
      UploadFile file = openData(repository, id, expected.algorithm());
      boolean received = false;
      try (file) {
        receive(file, last, false);
        received = true;
        return seal(file, layout.dataFile(id), expected, id);
      } finally {
        if (received) {
          discard(id);
        } else {
          keepOrGiveUp(id, file);
        }
      }
    } catch (IOException e) {
      throw layout.explain(e);
    } finally {
      release(id);
    }
  }

  @Override
  public StoredObject put(Digest expected, OptionalLong length, InputStream body)
      throws IOException, BadRangeException, DigestMismatchException {
    requireOwned();
    UploadId generation = UploadId.random();
    Path whole = layout.wholeFile(generation);
    boolean stored = false;
    busy.add(generation);
    openUploads.add(generation, 0);
    try (UploadFile file =
        UploadFile.create(whole, expected.algorithm(), writeOut, growth(generation))) {
      receive(file, new Chunk(OptionalLong.empty(), length, body), false);
      StoredObject object = seal(file, whole, expected, generation);
      stored = true;
      return object;
    } catch (IOException e) {
      throw layout.explain(e);
    } finally {
      openUploads.end(generation);
      busy.remove(generation);
      if (!stored) {
        remove(whole);
      }
    }
  }

  @Override
  public void cancel(RepositoryName repository, UploadId id)
      throws IOException, UnknownUploadException, UploadBusyException {
    UploadSession unusedSession = session(repository, id);
    occupy(id);
    try {
      // The session's file goes first: without it there is no session, whatever fails after.
      if (!Files.deleteIfExists(layout.sessionFile(id))) {
        throw new UnknownUploadException(repository, id);
      }
      RunningHashes.RunningHash unusedHash = hashes.take(id).orElse(null);
      leftFiles.keySet().remove(id);
      Files.deleteIfExists(layout.dataFile(id));
      Files.deleteIfExists(layout.uploadFolder(id));
      openUploads.end(id);
    } finally {
      release(id);
    }
  }

  private UploadSession session(RepositoryName repository, UploadId id)
      throws IOException, UnknownUploadException {
    return UploadSession.read(layout.sessionFile(id))
        .filter(session -> session.repository().equals(repository))
        .orElseThrow(() -> new UnknownUploadException(repository, id));
  }

  private void occupy(UploadId id) throws UploadBusyException {
    // Beside its server nobody can know which sessions it is using.
    if (lock.isEmpty() || !busy.add(id)) {
      throw new UploadBusyException(id);
    }
  }

  /** Ends a request's use of a session, and the session if its bytes turned out bad meanwhile. */
  private void release(UploadId id) {
    busy.remove(id);
    if (untrusted.contains(id) && busy.add(id)) {
      try {
        discard(id);
      } finally {
        busy.remove(id);
      }
    }
  }

  private UploadFile openData(RepositoryName repository, UploadId id, Digest.Algorithm algorithm)
      throws IOException, UnknownUploadException {
    CompletableFuture<Void> left = leftFiles.remove(id);
    boolean opened = false;
    try {
      if (untrusted.contains(id)) {
        discard(id);
        throw new UnknownUploadException(repository, id);
      }
      UploadFile file =
          UploadFile.open(
              layout.dataFile(id),
              Objects.requireNonNullElse(left, CompletableFuture.<Void>completedFuture(null)),
              hashes.take(id),
              algorithm,
              writeOut,
              growth(id));
      opened = true;
      return file;
    } catch (NoSuchFileException e) {
      // Another request ended the session before this one occupied it, or a crash did.
      UnknownUploadException unknown = new UnknownUploadException(repository, id);
      unknown.initCause(e);
      throw unknown;
    } finally {
      if (!opened && left != null && !left.isDone()) {
        leftFiles.put(id, left);
      }
    }
  }

  /** What an upload is asked for as it grows. */
  private UploadFile.Growth growth(UploadId id) {
    return bytes -> {
      limits.requireRoom(layout.root(), bytes);
      openUploads.grow(id, bytes);
    };
  }

  private void receive(UploadFile file, Chunk chunk, boolean resumable)
      throws IOException, BadRangeException {
    long declared = chunk.length().orElse(0);
    if (declared > 0) {
      limits.requireRoom(layout.root(), declared);
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
    return new StoredObject(layout.publish(path, expected, generation), file.size());
  }

  /** Leaves the session to the next request, if its file is what it should be. */
  private void keepOrGiveUp(UploadId id, UploadFile file) {
    if (!file.isUnusable()) {
      openUploads.settle(id, file.size());
      file.runningHash().ifPresent(hash -> hashes.keep(id, hash));
      CompletableFuture<Void> left = file.leave();
      CompletableFuture<Void> unusedBefore = leftFiles.put(id, left);
      CompletableFuture<Void> unusedDone =
          left.whenComplete((_, failure) -> writtenOut(id, left, failure));
    }
    if (file.isUnusable()) {
      untrusted.add(id);
      log.warn("Upload {} is given up: its file can no longer be trusted", id);
      discard(id);
    }
  }

  /**
   * What was left is written out, or could not be. Then the session ends at once, also if a request
   * has it, which learns of this in its turn: after a restart nobody would know that what a disk
   * reported as unwritten must not be trusted.
   */
  private void writtenOut(UploadId id, CompletableFuture<Void> left, Throwable failure) {
    if (failure == null) {
      leftFiles.remove(id, left);
      return;
    }
    log.warn("Upload {} is given up: its bytes cannot be written out", id, failure);
    untrusted.add(id);
    remove(layout.sessionFile(id));
    if (busy.add(id)) {
      release(id);
    }
  }

  private void discard(UploadId id) {
    leftFiles.keySet().remove(id);
    openUploads.end(id);
    remove(layout.sessionFile(id));
    remove(layout.dataFile(id));
    remove(layout.uploadFolder(id));
    if (Files.notExists(layout.sessionFile(id))) {
      untrusted.remove(id);
    }
  }

  /** Removes what is of no use any more; if that fails, it is litter for a later start. */
  private static void remove(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      log.warn("Cannot remove {}: it stays until a later start removes it", path, e);
    }
  }

  @Override
  public OptionalLong size(ObjectKey key) throws IOException {
    Optional<Path> file = layout.objectFile(key);
    if (file.isEmpty()) {
      return OptionalLong.empty();
    }
    return DiskLayout.attributes(file.get())
        .map(attributes -> OptionalLong.of(attributes.size()))
        .orElse(OptionalLong.empty());
  }

  @Override
  public BlobContent open(ObjectKey key) throws IOException, NoSuchObjectException {
    Path file = layout.objectFile(key).orElseThrow(() -> new NoSuchObjectException(key));
    FileChannel channel;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ);
    } catch (NoSuchFileException e) {
      NoSuchObjectException absent = new NoSuchObjectException(key);
      absent.initCause(e);
      throw absent;
    }
    try {
      return new DiskBlobContent(channel);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  @Override
  public void delete(Collection<ObjectKey> keys) throws IOException {
    IOException failure = null;
    for (ObjectKey key : keys) {
      try {
        Optional<Path> file = layout.objectFile(key);
        if (file.isPresent()) {
          Files.deleteIfExists(file.get());
        }
      } catch (IOException e) {
        if (failure == null) {
          failure = new IOException("cannot remove some of %d objects".formatted(keys.size()), e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public boolean ownsUploads() {
    return lock.isPresent();
  }

  @Override
  public Stream<StoredObject> objects() {
    return layout.objects();
  }

  @Override
  public Stream<UploadStatus> uploads() {
    return FolderWalk.entries(List.of(layout.uploads()), 1)
        .flatMap(path -> uploadIn(path).stream())
        .flatMap(
            id -> {
              try {
                return find(id).stream();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
  }

  private static Optional<UploadId> uploadIn(Path path) {
    if (!Files.isDirectory(path)) {
      return Optional.empty();
    }
    try {
      return Optional.of(UploadId.parse(path.getFileName().toString()));
    } catch (InvalidNameException e) {
      log.debug("Not an upload: {}", path, e);
      return Optional.empty();
    }
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
      throw layout.explain(e);
    }
  }

  @Override
  public Optional<String> alarm(String name) {
    return limits.alarm("blob store " + name, layout.root(), 0);
  }

  @Override
  public void probe() throws IOException {
    if (!Files.isDirectory(layout.uploads())) {
      throw new FileSystemException(
          layout.root().toString(),
          null,
          "the folder is gone, or what was in it: mount it or put it back; the server need not be"
              + " started again");
    }
    Path file = layout.wholeFile(UploadId.random());
    try {
      Files.write(file, new byte[] {1}, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (IOException e) {
      // A full disk can still be read, and takes what makes room.
      if (!(layout.explain(e) instanceof InsufficientStorageException)) {
        throw e;
      }
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private void removeLitter() throws IOException {
    Instant old = Instant.now().minus(LITTER_AGE);
    try (Stream<Path> paths = FolderWalk.entries(List.of(layout.uploads()), 1)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        Optional<BasicFileAttributes> attributes = DiskLayout.attributes(path);
        if (attributes.isEmpty() || attributes.get().lastModifiedTime().toInstant().isAfter(old)) {
          continue;
        }
        Optional<UploadId> id = uploadIn(path);
        if (id.isPresent() && find(id.get()).isEmpty()) {
          log.info("Removing what is left of upload {}", id.get());
          discard(id.get());
        } else if (attributes.get().isRegularFile() && path.toString().endsWith(".whole")) {
          log.info("Removing what is left of a put, {}", path);
          remove(path);
        }
      }
    }
  }

  /** Stops the threads that write out and gives the folder up. No call may be running. */
  @Override
  public void close() throws IOException {
    writeOut.close();
    hashes.clear();
    if (lock.isPresent()) {
      lock.get().close();
    }
  }
}
