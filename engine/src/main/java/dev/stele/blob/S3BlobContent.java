package dev.stele.blob;

import io.minio.GetObjectResponse;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An object in a bucket. Opening it asked for its size only; every stream is a request of its own,
 * which goes on with another one where it broke off. Closing this does nothing.
 */
final class S3BlobContent implements BlobContent {
  private static final Logger log = LoggerFactory.getLogger(S3BlobContent.class);

  /** How often in a row a stream may break off without a byte in between. */
  private static final int FRUITLESS_REQUESTS = 3;

  private final S3Bucket bucket;
  private final String name;
  private final long size;

  S3BlobContent(S3Bucket bucket, String name, long size) {
    this.bucket = bucket;
    this.name = name;
    this.size = size;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public InputStream stream(long offset, long length) throws IOException, BadRangeException {
    if (offset < 0 || length < 0) {
      throw new IllegalArgumentException("negative offset or length: " + offset + ", " + length);
    }
    if (offset > size) {
      throw new BadRangeException(
          "the range begins at %d, but the blob has %d bytes".formatted(offset, size), size);
    }
    long end = offset + Math.min(length, size - offset);
    return offset == end ? InputStream.nullInputStream() : new RangeStream(offset, end);
  }

  @Override
  public Optional<FileChannel> channel() {
    return Optional.empty();
  }

  @Override
  public void close() {}

  private final class RangeStream extends InputStream {
    private final long end;
    private long position;
    private int fruitless;
    private GetObjectResponse answer;

    RangeStream(long position, long end) throws IOException {
      this.position = position;
      this.end = end;
      this.answer = bucket.openRange(name, position, end - position);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      while (position < end) {
        if (answer == null) {
          answer = bucket.openRange(name, position, end - position);
        }
        try {
          int read = answer.read(target, offset, (int) Math.min(length, end - position));
          if (read < 0) {
            throw new EOFException("%s ended at %d of %d bytes".formatted(name, position, end));
          }
          position += read;
          fruitless = 0;
          return read;
        } catch (IOException e) {
          resumeOrFail(e);
        }
      }
      return -1;
    }

    private void resumeOrFail(IOException failure) throws IOException {
      close();
      fruitless++;
      if (Thread.currentThread().isInterrupted()) {
        throw failure;
      }
      if (fruitless == FRUITLESS_REQUESTS) {
        throw new S3UnavailableException(
            "reading %s broke off at byte %d again and again: %s"
                .formatted(name, position, failure.getMessage()),
            failure);
      }
      log.debug("Reading {} broke off at {} and is resumed", name, position, failure);
    }

    @Override
    public void close() throws IOException {
      if (answer != null) {
        GetObjectResponse open = answer;
        answer = null;
        open.close();
      }
    }
  }
}
