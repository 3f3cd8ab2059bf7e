package dev.stele.server.config;

import dev.stele.blob.S3Settings;
import java.nio.file.Path;

/** Where a blob store keeps its bytes. */
public sealed interface StoreSettings {
  /** A folder of a local file system. */
  record Disk(Path path) implements StoreSettings {}

  /**
   * A bucket.
   *
   * @param redirect whether clients are sent to the bucket for the bytes of blobs
   */
  record S3(S3Settings settings, boolean redirect) implements StoreSettings {}
}
