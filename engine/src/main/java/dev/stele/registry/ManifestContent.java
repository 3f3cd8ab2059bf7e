package dev.stele.registry;

import dev.stele.blob.BadRangeException;
import dev.stele.blob.BlobContent;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.util.Optional;

/**
 * A manifest read as a blob: its bytes are in memory.
 *
 * @param mediaType that it was put with
 */
public record ManifestContent(String mediaType, byte[] bytes) implements BlobContent {
  @Override
  public long size() {
    return bytes.length;
  }

  @Override
  public InputStream stream(long offset, long length) throws BadRangeException {
    if (offset < 0 || length < 0) {
      throw new IllegalArgumentException("a negative range: " + offset + ", " + length);
    }
    if (offset > bytes.length) {
      throw new BadRangeException("the range begins past the end", bytes.length);
    }
    return new ByteArrayInputStream(
        bytes, (int) offset, (int) Math.min(length, bytes.length - offset));
  }

  @Override
  public Optional<FileChannel> channel() {
    return Optional.empty();
  }

  @Override
  public void close() {}
}
