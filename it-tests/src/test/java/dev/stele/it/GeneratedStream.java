package dev.stele.it;

import dev.stele.oci.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Random;

/**
 * A stream of so many bytes that are made as they are read and never held together: a random
 * mebibyte over and over, each time with its number at its start, so that no two are equal. The
 * same seed and size give the same bytes.
 */
final class GeneratedStream extends InputStream {
  private static final int BLOCK = 1 << 20;

  private final long size;
  private final byte[] block = new byte[BLOCK];
  private long position;

  GeneratedStream(long seed, long size) {
    this.size = size;
    new Random(seed).nextBytes(block);
  }

  /** The digest of the whole stream of that seed and size. */
  static Digest digest(long seed, long size) {
    return digest(new GeneratedStream(seed, size));
  }

  /** The digest of what is left of a stream, read to its end. */
  static Digest digest(InputStream stream) {
    MessageDigest hasher = Digest.Algorithm.SHA256.newHasher();
    byte[] buffer = new byte[256 << 10];
    try (stream) {
      for (int read = stream.read(buffer); read >= 0; read = stream.read(buffer)) {
        hasher.update(buffer, 0, read);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Digest.ofHash(Digest.Algorithm.SHA256, hasher.digest());
  }

  @Override
  public int read() {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) {
    if (length == 0) {
      return 0;
    }
    if (position == size) {
      return -1;
    }
    int inBlock = (int) (position % BLOCK);
    if (inBlock == 0) {
      ByteBuffer.wrap(block).putLong(position / BLOCK);
    }
    int count = (int) Math.min(Math.min(length, BLOCK - inBlock), size - position);
    System.arraycopy(block, inBlock, target, offset, count);
    position += count;
    return count;
  }
}
