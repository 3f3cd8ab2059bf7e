package dev.stele.blob;

import dev.stele.oci.Digest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Where a {@link DiskBlobStore} keeps what, and how a file becomes an object. Paths are made of
 * parsed ids and of keys that have exactly the form below, so none leads out of the root. Safe for
 * use by several threads.
 */
final class DiskLayout {
  private static final Pattern KEY =
      Pattern.compile(
          "(?:sha256/([0-9a-f]{2})/\\1[0-9a-f]{62}|sha512/([0-9a-f]{2})/\\2[0-9a-f]{126})"
              + "\\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}");

  private final Path root;
  private final Path uploads;

  /** The objects' folders that this process knows to be durable: at most 512. */
  private final Map<Path, Boolean> durableFolders = new ConcurrentHashMap<>();

  /** Makes the root and the uploads folder, durably. */
  DiskLayout(Path folder) throws IOException {
    this.root = folder.toAbsolutePath().normalize();
    this.uploads = root.resolve("uploads");
    createFolders(uploads);
    OwnerOnly.close(root);
  }

  Path root() {
    return root;
  }

  Path uploads() {
    return uploads;
  }

  Path uploadFolder(UploadId id) {
    return uploads.resolve(id.toString());
  }

  Path sessionFile(UploadId id) {
    return uploadFolder(id).resolve("session");
  }

  Path dataFile(UploadId id) {
    return uploadFolder(id).resolve("data");
  }

  /** Where the bytes of a {@link BlobStore#put} go until they are whole. */
  Path wholeFile(UploadId id) {
    return uploads.resolve(id + ".whole");
  }

  /** The file of an object; empty if the key is none that this layout makes. */
  Optional<Path> objectFile(ObjectKey key) {
    return KEY.matcher(key.value()).matches()
        ? Optional.of(root.resolve(key.value()))
        : Optional.empty();
  }

  /**
   * Makes a complete, fsynced file the object of this digest and generation, durably. On failure
   * there is no such object.
   */
  ObjectKey publish(Path file, Digest digest, UploadId generation) throws IOException {
    ObjectKey key =
        new ObjectKey(
            "%s/%s/%s.%s"
                .formatted(
                    digest.algorithm().prefix(),
                    digest.hex().substring(0, 2),
                    digest.hex(),
                    generation));
    Path target = root.resolve(key.value());
    prepare(target.getParent());
    Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
    try {
      fsyncFolder(target.getParent());
    } catch (IOException e) {
      try {
        Files.deleteIfExists(target);
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
    return key;
  }

  /** Makes an objects' folder durably, and has others that need it wait until it is. */
  private void prepare(Path folder) throws IOException {
    try {
      durableFolders.computeIfAbsent(
          folder,
          missing -> {
            try {
              // Also if it is there: it may come from a process that died before this fsync.
              Files.createDirectories(missing, OwnerOnly.folder());
              fsyncFolder(missing.getParent());
              fsyncFolder(root);
              return true;
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** All objects, read folder by folder, in memory that does not depend on their number. */
  Stream<StoredObject> objects() {
    List<Path> folders =
        Stream.of(Digest.Algorithm.values())
            .map(algorithm -> root.resolve(algorithm.prefix()))
            .toList();
    return FolderWalk.entries(folders, 2).flatMap(file -> storedObject(file).stream());
  }

  private Optional<StoredObject> storedObject(Path file) {
    String relative = root.relativize(file).toString();
    if (!KEY.matcher(relative).matches()) {
      return Optional.empty();
    }
    try {
      return Optional.of(new StoredObject(new ObjectKey(relative), Files.size(file)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The attributes of a file or folder; empty if it is missing. */
  static Optional<BasicFileAttributes> attributes(Path path) throws IOException {
    try {
      return Optional.of(Files.readAttributes(path, BasicFileAttributes.class));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private static void createFolders(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      return;
    }
    Path parent = folder.getParent();
    if (parent != null) {
      createFolders(parent);
    }
    // Another process may make it at the same moment; a file in its place is an error.
    Files.createDirectories(folder, OwnerOnly.folder());
    if (parent != null) {
      fsyncFolder(parent);
    }
  }

  static void fsyncFolder(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** The same failure, as an {@link InsufficientStorageException} if the disk is full. */
  IOException explain(IOException failure) {
    if (failure instanceof BodyReadException || failure instanceof InsufficientStorageException) {
      return failure;
    }
    // The system's messages, which the JDK passes on; it has no other sign of a full disk.
    String message = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
    if (message.contains("no space left") || message.contains("quota exceeded")) {
      return new InsufficientStorageException(
          "no room left for blobs in " + root + ": " + failure.getMessage(), failure);
    }
    return failure;
  }
}
