package dev.stele.blob;

import dev.stele.oci.Digest;
import dev.stele.oci.Digest.Algorithm;
import java.security.MessageDigest;
import org.bouncycastle.crypto.ExtendedDigest;
import org.bouncycastle.crypto.digests.EncodableDigest;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.digests.SHA512Digest;

/** The hash of a blob that is arriving. For use by one thread. */
sealed interface BlobHash {
  Algorithm algorithm();

  void update(byte[] bytes, int offset, int length);

  /** The digest of everything so far. Nothing can be added after it. */
  Digest digest();

  /** The JDK's, several times as fast, for a blob that arrives in one request. */
  record Fast(Algorithm algorithm, MessageDigest state) implements BlobHash {
    static Fast start(Algorithm algorithm) {
      return new Fast(algorithm, algorithm.newHasher());
    }

    @Override
    public void update(byte[] bytes, int offset, int length) {
      state.update(bytes, offset, length);
    }

    @Override
    public Digest digest() {
      return Digest.ofHash(algorithm, state.digest());
    }
  }

  /**
   * One whose state can be stored, so that another node can go on with it. The parts of an
   * unfinished multipart upload cannot be read, so without it they could not be hashed again.
   */
  record Portable(Algorithm algorithm, ExtendedDigest state) implements BlobHash {
    static Portable start(Algorithm algorithm) {
      return new Portable(
          algorithm,
          switch (algorithm) {
            case SHA256 -> new SHA256Digest();
            case SHA512 -> new SHA512Digest();
          });
    }

    /**
     * @throws IllegalArgumentException if the bytes are not what {@link #encoded} answered
     */
    static Portable resume(Algorithm algorithm, byte[] encoded) {
      return new Portable(
          algorithm,
          switch (algorithm) {
            case SHA256 -> new SHA256Digest(encoded);
            case SHA512 -> new SHA512Digest(encoded);
          });
    }

    /** Bouncy Castle's encoding of the state, about 100 to 300 bytes. */
    byte[] encoded() {
      return ((EncodableDigest) state).getEncodedState();
    }

    @Override
    public void update(byte[] bytes, int offset, int length) {
      state.update(bytes, offset, length);
    }

    @Override
    public Digest digest() {
      byte[] hash = new byte[state.getDigestSize()];
      int unusedLength = state.doFinal(hash, 0);
      return Digest.ofHash(algorithm, hash);
    }
  }
}
