package dev.stele.server;

import dev.stele.blob.FileFailure;
import dev.stele.blob.FolderLock;
import dev.stele.blob.OwnerOnly;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Keeps a second server off a data folder. */
final class DataFolderLock {
  private DataFolderLock() {}

  /**
   * Takes the lock of a folder, which is made if need be.
   *
   * @throws StartupException if another process has it, or the folder cannot be written
   */
  static FolderLock take(Path folder) throws StartupException {
    try {
      Files.createDirectories(folder, OwnerOnly.folder());
      return switch (FolderLock.take(folder)) {
        case FolderLock.Attempt.Taken(FolderLock lock) -> lock;
        case FolderLock.Attempt.InUse inUse ->
            throw new StartupException(
                "%s is in use by another stele%s; stop that one or choose another folder with --data"
                    .formatted(folder, inUse.who()));
      };
    } catch (IOException e) {
      throw new StartupException(
          "data: the data folder %s cannot be used: %s".formatted(folder, FileFailure.reason(e)),
          e);
    }
  }
}
