package dev.stele.blob;

import java.nio.file.Path;
import java.util.Optional;
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
    Optional<String> shortage = shortage(folder, bytes);
    if (shortage.isPresent()) {
      throw new InsufficientStorageException(
          "has no room left", "on the disk of " + folder + ", " + shortage.get());
    }
  }

  /**
   * What an operator must see to, if a folder's disk has no room for pushes.
   *
   * @param what the folder is, for anybody to read
   * @param bytes that must be free beside the reserve
   */
  public Optional<String> alarm(String what, Path folder, long bytes) {
    return shortage(folder, bytes)
        .map(
            why ->
                ("the disk of %s has no room left, so pushes are refused: %s; make room on it, or"
                        + " make it larger")
                    .formatted(what, why));
  }

  private Optional<String> shortage(Path folder, long bytes) {
    if (folder.toFile().getTotalSpace() == 0) {
      return Optional.empty();
    }
    long kept = reserveOf(folder);
    long free = folder.toFile().getUsableSpace();
    return free - bytes < kept
        ? Optional.of(
            "%,d bytes are free, of which %,d are reserved%s"
                .formatted(free, kept, bytes == 0 ? "" : ", and %,d are wanted".formatted(bytes)))
        : Optional.empty();
  }

  /** The reserve of the file system that a folder is on, in bytes. */
  public long reserveOf(Path folder) {
    return reserve.orElseGet(() -> Math.min(folder.toFile().getTotalSpace() / 20, MOST_RESERVED));
  }
}
