package dev.stele.blob;

import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
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
 * they say. A session is one file, which has what was received; its folder says of which
 * repository, with {@code +} for {@code /}, which no name has. Nothing is kept in memory. Paths are
 * made of parsed names and ids, so none leads out of the uploads folder. Safe for use by several
 * threads, as long as each session is used by one.
 */
final class SessionFiles {
  private static final Logger log = LoggerFactory.getLogger(SessionFiles.class);
  private static final Duration LITTER_AGE = Duration.ofDays(1);

  /** How often a folder is made that others remove as often. */
  private static final int ATTEMPTS = 100;

  private final Path uploads;

  SessionFiles(Path uploads) {
    this.uploads = uploads;
  }

  /** The file of a session, whether there is one or not. */
  Path file(RepositoryName repository, UploadId id) {
    return uploads.resolve(repository.value().replace('/', '+')).resolve(id.toString());
  }

  /** Where the bytes of a {@link BlobStore#put} go until they are whole. */
  Path whole(UploadId id) {
    return uploads.resolve(id + ".whole");
  }

  /** Makes the file of a new session. */
  static void create(Path session) throws IOException {
    NoSuchFileException missing = null;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        Files.createFile(session, OwnerOnly.file());
        return;
      } catch (NoSuchFileException e) {
        missing = e;
      }
      try {
        // Not what it lies in: where that is gone, a disk is not mounted.
        Files.createDirectory(session.getParent(), OwnerOnly.folder());
      } catch (FileAlreadyExistsException e) {
        log.debug("{} was made by another", session.getParent(), e);
      }
    }
    throw missing;
  }

  /** How a session of a repository stands. */
  UploadStatus status(RepositoryName repository, UploadId id)
      throws IOException, UnknownUploadException {
    return DiskFolder.attributes(file(repository, id))
        .map(attributes -> status(repository, id, attributes))
        .orElseThrow(() -> new UnknownUploadException(repository, id));
  }

  private static UploadStatus status(
      RepositoryName repository, UploadId id, BasicFileAttributes attributes) {
    return new UploadStatus(
        id, repository, attributes.size(), attributes.lastModifiedTime().toInstant());
  }

  /** All sessions; throws {@link UncheckedIOException}. To be closed. */
  Stream<UploadStatus> all() {
    return FolderWalk.entries(List.of(uploads), 2)
        .flatMap(
            path -> {
              try {
                return session(path).stream();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
  }

  private static Optional<UploadStatus> session(Path path) throws IOException {
    try {
      RepositoryName repository =
          RepositoryName.parse(path.getParent().getFileName().toString().replace('+', '/'));
      UploadId id = UploadId.parse(path.getFileName().toString());
      return DiskFolder.attributes(path).map(attributes -> status(repository, id, attributes));
    } catch (InvalidNameException e) {
      log.debug("Not an upload: {}", path, e);
      return Optional.empty();
    }
  }

  /**
   * Ends a session, and its repository's folder if it was the only one there. Finishing one moves
   * its file instead, and leaves the folder to the next.
   *
   * @return false if it had ended
   */
  static boolean end(Path session) throws IOException {
    boolean ended = Files.deleteIfExists(session);
    removeIfEmpty(session.getParent());
    return ended;
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
    try (Stream<Path> inFolders = FolderWalk.entries(List.of(uploads), 2);
        Stream<Path> beside = FolderWalk.entries(List.of(uploads), 1)) {
      for (Path path : (Iterable<Path>) Stream.concat(inFolders, beside)::iterator) {
        Optional<BasicFileAttributes> attributes = DiskFolder.attributes(path);
        if (attributes.isEmpty() || attributes.get().lastModifiedTime().toInstant().isAfter(old)) {
          continue;
        }
        if (attributes.get().isDirectory()) {
          removeIfEmpty(path);
        } else if (session(path).isEmpty()) {
          log.info("Removing {}, which is left of an upload", path);
          tryToRemove(path);
        }
      }
    }
  }

  private static void removeIfEmpty(Path folder) throws IOException {
    try {
      Files.deleteIfExists(folder);
    } catch (DirectoryNotEmptyException e) {
      log.debug("There are uploads in {}", folder, e);
    }
  }
}
