package dev.stele.blob;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Locale;
import java.util.Optional;

/**
 * The folder of a {@link DiskBlobStore}: how folders become durable in it, and what the failures of
 * its disk mean. Safe for use by several threads.
 */
final class DiskFolder {
  private final Path root;
  private final Path uploads;

  /** Makes the root and the uploads folder, durably. */
  DiskFolder(Path folder) throws IOException {
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
