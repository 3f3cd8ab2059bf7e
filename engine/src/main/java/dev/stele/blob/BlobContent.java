package dev.stele.blob;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.util.Optional;

/**
 * A stored object opened for reading. It stays readable until closed, also when the object is
 * deleted meanwhile on a local disk; on S3 a read that begins after a delete fails. One thread uses
 * it at a time. Close it, whatever happens.
 */
public interface BlobContent extends AutoCloseable {
  /** The object's size in bytes. */
  long size();

  /**
   * The bytes from {@code offset}, at most {@code length} of them: an end past the object's end is
   * taken as that end. Streams of one object are independent of each other, and closing one leaves
   * this open.
   *
   * @param offset at most {@link #size()}, in bytes
   * @throws BadRangeException if the offset is past the end
   * @throws IllegalArgumentException if either is negative
   */
  InputStream stream(long offset, long length) throws IOException, BadRangeException;

  /**
   * The file beneath, for sending without a copy through the heap; empty if the store has no local
   * file. Use positional reads and {@code transferTo} only, and do not close it: this does. Tell
   * {@link #transferred} what was read.
   */
  Optional<FileChannel> channel();

  /** Counts bytes that were read through the {@link #channel}, where they are not seen. */
  default void transferred(long bytes) {}

  @Override
  void close() throws IOException;
}
