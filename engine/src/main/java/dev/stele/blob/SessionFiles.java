package dev.stele.blob;

import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of what is being uploaded to a {@link DiskBlobStore}: which sessions there are is what
 * they say. Nothing is kept in memory. Paths are made of parsed ids, so none leads out of the
 * uploads folder. Safe for use by several threads, as long as each session is used by one.
 */
final class SessionFiles {
  private static final Logger log = LoggerFactory.getLogger(SessionFiles.class);
  private static final Duration LITTER_AGE = Duration.ofDays(1);

  private final Path uploads;

  SessionFiles(Path uploads) {
    this.uploads = uploads;
  }

  private Path folder(UploadId id) {
    return uploads.resolve(id.toString());
  }

  private Path sessionFile(UploadId id) {
    return folder(id).resolve("session");
  }

  /** What a session has received. */
  Path data(UploadId id) {
    return folder(id).resolve("data");
  }

  /** Where the bytes of a {@link BlobStore#put} go until they are whole. */
  Path whole(UploadId id) {
    return uploads.resolve(id + ".whole");
  }

  /** Makes the files of a new session. On failure some may be there, to be removed. */
  void create(UploadId id, UploadSession session) throws IOException {
    Files.createDirectory(folder(id), OwnerOnly.folder());
    Files.createFile(data(id), OwnerOnly.file());
    session.write(sessionFile(id));
  }

  /** A session of a repository. */
  UploadSession read(RepositoryName repository, UploadId id)
      throws IOException, UnknownUploadException {
    return UploadSession.read(sessionFile(id))
        .filter(session -> session.repository().equals(repository))
        .orElseThrow(() -> new UnknownUploadException(repository, id));
  }

  /** How a session of a repository stands. */
  UploadStatus status(RepositoryName repository, UploadId id)
      throws IOException, UnknownUploadException {
    return find(id)
        .filter(status -> status.repository().equals(repository))
        .orElseThrow(() -> new UnknownUploadException(repository, id));
  }

  private Optional<UploadStatus> find(UploadId id) throws IOException {
    Optional<UploadSession> session = UploadSession.read(sessionFile(id));
    if (session.isEmpty()) {
      return Optional.empty();
    }
    Optional<BasicFileAttributes> data = DiskFolder.attributes(data(id));
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

  /** All sessions; throws {@link UncheckedIOException}. To be closed. */
  Stream<UploadStatus> all() {
    return FolderWalk.entries(List.of(uploads), 1)
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

  /**
   * Ends a session: without its own file there is none, whatever fails after.
   *
   * @return false if it had ended
   */
  boolean end(UploadId id) throws IOException {
    return Files.deleteIfExists(sessionFile(id));
  }

  /** Removes what a session that has ended leaves; what cannot be removed is litter. */
  void removeRest(UploadId id) throws IOException {
    Files.deleteIfExists(data(id));
    Files.deleteIfExists(folder(id));
  }

  /** As {@link #end}, if that can be done. */
  void tryToEnd(UploadId id) {
    tryToRemove(sessionFile(id));
  }

  /**
   * Removes what there is of a session, if that can be done.
   *
   * @return whether there is no such session any more
   */
  boolean tryToRemove(UploadId id) {
    tryToRemove(sessionFile(id));
    tryToRemove(data(id));
    tryToRemove(folder(id));
    return Files.notExists(sessionFile(id));
  }

  /** Removes what is of no use any more; if that fails, it is litter for a later start. */
  static void tryToRemove(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      log.warn("Cannot remove {}: it stays until a later start removes it", path, e);
    }
  }

  /** Removes what is old and neither a session nor about to become one. */
  void removeLitter() throws IOException {
    Instant old = Instant.now().minus(LITTER_AGE);
    try (Stream<Path> paths = FolderWalk.entries(List.of(uploads), 1)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        Optional<BasicFileAttributes> attributes = DiskFolder.attributes(path);
        if (attributes.isEmpty() || attributes.get().lastModifiedTime().toInstant().isAfter(old)) {
          continue;
        }
        Optional<UploadId> id = uploadIn(path);
        if (id.isPresent() && find(id.get()).isEmpty()) {
          log.info("Removing what is left of upload {}", id.get());
          boolean _ = tryToRemove(id.get());
        } else if (attributes.get().isRegularFile() && path.toString().endsWith(".whole")) {
          log.info("Removing what is left of a put, {}", path);
          tryToRemove(path);
        }
      }
    }
  }
}
