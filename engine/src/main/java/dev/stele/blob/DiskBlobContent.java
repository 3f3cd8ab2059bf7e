package dev.stele.blob;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Objects;
import java.util.Optional;

/** An object's file, opened. All reads are positional, so streams do not disturb each other. */
final class DiskBlobContent implements BlobContent {
  private final FileChannel channel;
  private final long size;

  /** Takes over the channel. */
  DiskBlobContent(FileChannel channel) throws IOException {
    this.channel = channel;
    this.size = channel.size();
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public InputStream stream(long offset, long length) throws BadRangeException {
    if (offset < 0 || length < 0) {
      throw new IllegalArgumentException("negative offset or length: " + offset + ", " + length);
    }
    if (offset > size) {
      throw new BadRangeException(
          "the range begins at %d, but the blob has %d bytes".formatted(offset, size), size);
    }
    return new RangeStream(offset, offset + Math.min(length, size - offset));
  }

  @Override
  public Optional<FileChannel> channel() {
    return Optional.of(channel);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private final class RangeStream extends InputStream {
    private final long end;
    private long position;

    RangeStream(long position, long end) {
      this.position = position;
      this.end = end;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      Objects.checkFromIndexSize(offset, length, target.length);
      if (length == 0) {
        return 0;
      }
      if (position >= end) {
        return -1;
      }
      // The JDK keeps an off-heap buffer as large as the largest read: bound it.
      int wanted = (int) Math.min(Math.min(length, Buffers.SIZE), end - position);
      int read = channel.read(ByteBuffer.wrap(target, offset, wanted), position);
      if (read < 0) {
        throw new EOFException("the file ended at %d of %d bytes".formatted(position, size));
      }
      position += read;
      return read;
    }

    @Override
    public long skip(long count) {
      long skipped = Math.max(0, Math.min(count, end - position));
      position += skipped;
      return skipped;
    }

    @Override
    public int available() {
      return (int) Math.min(Integer.MAX_VALUE, end - position);
    }
  }
}
