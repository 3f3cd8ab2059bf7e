package dev.stele.bench;

import dev.stele.oci.Digest;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Random;

/**
 * A large blob that is made as it is sent: the same random mebibyte again and again, with the
 * blob's seed and its number written at the start of each, so that it neither compresses nor
 * repeats. Immutable. Its digest is computed when it is made.
 */
final class GeneratedBlob {
  private static final int BLOCK = 1 << 20;
  private static final byte[] RANDOM = new byte[BLOCK];

  static {
    new Random(0).nextBytes(RANDOM);
  }

  private final long seed;
  private final long size;
  private final Digest digest;

  /**
   * @param size in bytes, a multiple of 1 MiB
   */
  GeneratedBlob(long seed, long size) {
    if (size % BLOCK != 0) {
      throw new IllegalArgumentException("a blob's size is a multiple of 1 MiB, not " + size);
    }
    this.seed = seed;
    this.size = size;
    MessageDigest hasher = Digest.Algorithm.SHA256.newHasher();
    HttpConnection.Source source = source();
    for (long done = 0; done < size; done += BLOCK) {
      hasher.update(source.next());
    }
    this.digest = Digest.ofHash(Digest.Algorithm.SHA256, hasher.digest());
  }

  long size() {
    return size;
  }

  Digest digest() {
    return digest;
  }

  /** The bytes from the start, a mebibyte at a time in the same buffer. */
  HttpConnection.Source source() {
    ByteBuffer block = ByteBuffer.allocate(BLOCK).put(RANDOM).putLong(0, seed);
    return new HttpConnection.Source() {
      private long number;

      @Override
      public ByteBuffer next() {
        block.putLong(Long.BYTES, number++);
        return block.clear();
      }
    };
  }
}
