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
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The objects of a {@link DiskBlobStore}, and how a file becomes one. Paths are made of keys that
 * have exactly the form below, so none leads out of the root. Safe for use by several threads.
 */
final class DiskObjects {
  private static final Pattern KEY =
      Pattern.compile(
          "(?:sha256/([0-9a-f]{2})/\\1[0-9a-f]{62}|sha512/([0-9a-f]{2})/\\2[0-9a-f]{126})"
              + "\\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}");

  private final Path root;

  /** The objects' folders that this process knows to be durable: at most 512. */
  private final Map<Path, Boolean> durableFolders = new ConcurrentHashMap<>();

  DiskObjects(Path root) {
    this.root = root;
  }

  /** The file of an object; empty if the key is none that is made here. */
  private Optional<Path> file(ObjectKey key) {
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
      DiskFolder.fsyncFolder(target.getParent());
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
              DiskFolder.fsyncFolder(missing.getParent());
              DiskFolder.fsyncFolder(root);
              return true;
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** See {@link BlobStore#size}. */
  OptionalLong size(ObjectKey key) throws IOException {
    Optional<Path> file = file(key);
    if (file.isEmpty()) {
      return OptionalLong.empty();
    }
    return DiskFolder.attributes(file.get())
        .map(attributes -> OptionalLong.of(attributes.size()))
        .orElse(OptionalLong.empty());
  }

  /** See {@link BlobStore#open}. */
  BlobContent open(ObjectKey key) throws IOException, NoSuchObjectException {
    Path file = file(key).orElseThrow(() -> new NoSuchObjectException(key));
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

  /** See {@link BlobStore#delete}. */
  void delete(Collection<ObjectKey> keys) throws IOException {
    IOException failure = null;
    for (ObjectKey key : keys) {
      try {
        Optional<Path> file = file(key);
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

  /** All objects, read folder by folder, in memory that does not depend on their number. */
  Stream<StoredObject> all() {
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
}
