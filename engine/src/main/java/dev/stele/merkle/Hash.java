package dev.stele.merkle;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/** The hash of a node of the tree (RFC 6962, section 2.1), which is a SHA-256. Immutable. */
public final class Hash {
  /** How many bytes one has. */
  public static final int BYTES = 32;

  /** The root of the tree without leaves. */
  public static final Hash EMPTY = new Hash(sha256().digest());

  private static final byte LEAF = 0;
  private static final byte NODE = 1;

  private final byte[] bytes;

  private Hash(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * A hash by its bytes.
   *
   * @throws IllegalArgumentException if these are not {@value #BYTES}
   */
  public static Hash of(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new IllegalArgumentException(
          "a hash has %d bytes, not %d".formatted(BYTES, bytes.length));
    }
    return new Hash(bytes.clone());
  }

  /**
   * Reads one, as {@link #toString} writes it.
   *
   * @throws IllegalArgumentException if that is none
   */
  public static Hash parse(String base64) {
    return of(Base64.getDecoder().decode(base64));
  }

  /** The hash at a place in the bytes of a tile. */
  static Hash in(byte[] tile, int number) {
    return new Hash(Arrays.copyOfRange(tile, number * BYTES, (number + 1) * BYTES));
  }

  /** Of an entry of the log. */
  public static Hash leaf(byte[] entry) {
    MessageDigest digest = sha256();
    digest.update(LEAF);
    return new Hash(digest.digest(entry));
  }

  /** The bytes of some, one after the other. */
  public static byte[] concatenation(List<Hash> hashes) {
    byte[] all = new byte[hashes.size() * BYTES];
    for (int i = 0; i < hashes.size(); i++) {
      hashes.get(i).write(all, i);
    }
    return all;
  }

  /** Of two neighbours. */
  public static Hash node(Hash left, Hash right) {
    MessageDigest digest = sha256();
    digest.update(NODE);
    digest.update(left.bytes);
    return new Hash(digest.digest(right.bytes));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // Every JDK has it.
    }
  }

  /** A copy of its bytes. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** Writes it to a place in the bytes of a tile. */
  void write(byte[] tile, int number) {
    System.arraycopy(bytes, 0, tile, number * BYTES, BYTES);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Hash hash && Arrays.equals(bytes, hash.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** In base64, as checkpoints and proofs write it. */
  @Override
  public String toString() {
    return Base64.getEncoder().encodeToString(bytes);
  }
}
