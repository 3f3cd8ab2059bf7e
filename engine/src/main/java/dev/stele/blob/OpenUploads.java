package dev.stele.blob;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** How many uploads are open in a folder and how much they have, within limits. Thread-safe. */
final class OpenUploads {
  private final DiskLimits limits;

  /** In the order of their beginning. */
  private final Map<UploadId, Long> sizes = new LinkedHashMap<>();

  private long total;

  OpenUploads(DiskLimits limits) {
    this.limits = limits;
  }

  /** Takes in an upload of an earlier start or of one request, whether there is room or not. */
  synchronized void add(UploadId id, long size) {
    settle(id, size);
  }

  /** Takes in a new one; false if there are as many as there may be. */
  synchronized boolean open(UploadId id) {
    if (sizes.size() >= limits.maxUploads()) {
      return false;
    }
    sizes.put(id, 0L);
    return true;
  }

  /** The one that was begun first of those that have nothing. */
  synchronized Optional<UploadId> oldestEmpty(Predicate<UploadId> of) {
    return sizes.entrySet().stream()
        .filter(upload -> upload.getValue() == 0 && of.test(upload.getKey()))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  synchronized boolean isEmpty(UploadId id) {
    return sizes.getOrDefault(id, 0L) == 0;
  }

  synchronized InsufficientStorageException full() {
    return new InsufficientStorageException(
        "has as many open uploads as it may",
        "%,d uploads are open, which is the limit".formatted(sizes.size()));
  }

  synchronized void grow(UploadId id, long bytes) throws InsufficientStorageException {
    if (total + bytes > limits.maxUploadBytes()) {
      throw new InsufficientStorageException(
          "has as many bytes in open uploads as it may",
          "open uploads have %,d bytes, and the limit is %,d"
              .formatted(total, limits.maxUploadBytes()));
    }
    sizes.merge(id, bytes, Long::sum);
    total += bytes;
  }

  /** Says what an upload really has, after a call that may have kept some or all. */
  synchronized void settle(UploadId id, long size) {
    Long before = sizes.put(id, size);
    total += size - (before == null ? 0 : before);
  }

  synchronized void end(UploadId id) {
    Long size = sizes.remove(id);
    total -= size == null ? 0 : size;
  }
}
