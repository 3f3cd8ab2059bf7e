package dev.stele.blob;

import java.util.HashMap;
import java.util.Map;

/** How many uploads are open in a folder and how much they have, within limits. Thread-safe. */
final class OpenUploads {
  private final DiskLimits limits;
  private final Map<UploadId, Long> sizes = new HashMap<>();
  private long total;

  OpenUploads(DiskLimits limits) {
    this.limits = limits;
  }

  /** Takes in an upload of an earlier start, whether there is room for it or not. */
  synchronized void found(UploadId id, long size) {
    settle(id, size);
  }

  synchronized void open(UploadId id) throws InsufficientStorageException {
    if (sizes.size() >= limits.maxUploads()) {
      throw new InsufficientStorageException(
          "has as many open uploads as it may",
          "%,d uploads are open, which is the limit".formatted(sizes.size()));
    }
    sizes.put(id, 0L);
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
