package dev.stele.blob;

import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * How much a folder of a local disk may be asked to take.
 *
 * @param reserve how many bytes stay free for what must always be possible, such as deleting;
 *     absent: 5 % of the file system, at most 1 GiB
 * @param maxUploads how many uploads may be open at once
 * @param maxUploadBytes how many bytes they may have together
 */
public record DiskLimits(OptionalLong reserve, int maxUploads, long maxUploadBytes) {
  public static final DiskLimits DEFAULT = new DiskLimits(OptionalLong.empty(), 10_000, 1L << 40);

  private static final long MOST_RESERVED = 1L << 30;

  /**
   * Refuses what would leave less than the reserve.
   *
   * @param folder on the file system in question; one that is missing is not looked at
   * @param bytes that are about to be written
   * @throws InsufficientStorageException if there is no room for them
   */
  public void requireRoom(Path folder, long bytes) throws InsufficientStorageException {
    long total = folder.toFile().getTotalSpace();
    if (total == 0) {
      return;
    }
    long kept = reserveOf(folder);
    long free = folder.toFile().getUsableSpace();
    if (free - bytes < kept) {
      throw new InsufficientStorageException(
          "has no room left",
          "%,d bytes are free in %s, of which %,d are reserved%s"
              .formatted(
                  free, folder, kept, bytes == 0 ? "" : ", and %,d are wanted".formatted(bytes)));
    }
  }

  /** The reserve of the file system that a folder is on, in bytes. */
  public long reserveOf(Path folder) {
    return reserve.orElseGet(() -> Math.min(folder.toFile().getTotalSpace() / 20, MOST_RESERVED));
  }
}
