package dev.stele.blob;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * How many uploads, by their files, are open in a folder and how much they have, within limits.
 * Thread-safe.
 */
final class OpenUploads {
  private final DiskLimits limits;

  /** In the order of their beginning. */
  private final Map<Path, Long> sizes = new LinkedHashMap<>();

  private long total;

  OpenUploads(DiskLimits limits) {
    this.limits = limits;
  }

  /** Takes in an upload of an earlier start or of one request, whether there is room or not. */
  synchronized void add(Path upload, long size) {
    settle(upload, size);
  }

  /** Takes in a new one; false if there are as many as there may be. */
  synchronized boolean open(Path upload) {
    if (sizes.size() >= limits.maxUploads()) {
      return false;
    }
    sizes.put(upload, 0L);
    return true;
  }

  /** The one that was begun first of those that have nothing. */
  synchronized Optional<Path> oldestEmpty(Predicate<Path> of) {
    return sizes.entrySet().stream()
        .filter(open -> open.getValue() == 0 && of.test(open.getKey()))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  synchronized boolean isEmpty(Path upload) {
    return sizes.getOrDefault(upload, 0L) == 0;
  }

  synchronized InsufficientStorageException full() {
    return new InsufficientStorageException(
        "has as many open uploads as it may",
        "%,d uploads are open, which is the limit".formatted(sizes.size()));
  }

  synchronized void grow(Path upload, long bytes) throws InsufficientStorageException {
    if (total + bytes > limits.maxUploadBytes()) {
      throw new InsufficientStorageException(
          "has as many bytes in open uploads as it may",
          "open uploads have %,d bytes, and the limit is %,d"
              .formatted(total, limits.maxUploadBytes()));
    }
    sizes.merge(upload, bytes, Long::sum);
    total += bytes;
  }

  /** Says what an upload really has, after a call that may have kept some or all. */
  synchronized void settle(Path upload, long size) {
    Long before = sizes.put(upload, size);
    total += size - (before == null ? 0 : before);
  }

  synchronized void end(Path upload) {
    Long size = sizes.remove(upload);
    total -= size == null ? 0 : size;
  }
}
