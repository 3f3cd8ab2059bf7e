package dev.stele.oci;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A content digest: {@code sha256:<64 hex>} or {@code sha512:<128 hex>}, lower case, as the OCI
 * image specification defines.
 */
public record Digest(Algorithm algorithm, String hex) implements Comparable<Digest> {
  /** The registered algorithms that Stele accepts. */
  public enum Algorithm {
    SHA256(1, "sha256", "SHA-256", 64),
    SHA512(2, "sha512", "SHA-512", 128);

    private final byte number;
    private final String prefix;
    private final String jcaName;
    private final int hexLength;

    Algorithm(int number, String prefix, String jcaName, int hexLength) {
      this.number = (byte) number;
      this.prefix = prefix;
      this.jcaName = jcaName;
      this.hexLength = hexLength;
    }

    public String prefix() {
      return prefix;
    }

    public int hexLength() {
      return hexLength;
    }

    /** A fresh hasher, not safe for use by several threads. */
    public MessageDigest newHasher() {
      try {
        return MessageDigest.getInstance(jcaName);
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every JDK has " + jcaName, e);
      }
    }

    /**
     * The algorithm of that name.
     *
     * @throws InvalidNameException if it is not one that Stele accepts
     */
    public static Algorithm parse(String name) {
      for (Algorithm algorithm : values()) {
        if (algorithm.prefix.equals(name)) {
          return algorithm;
        }
      }
      throw new InvalidNameException(
          InvalidNameException.Kind.DIGEST,
          "unsupported digest algorithm "
              + InvalidNameException.quote(name)
              + ": use sha256 or sha512");
    }
  }

  public Digest {
    if (hex.length() != algorithm.hexLength || !isLowerHex(hex)) {
      throw new InvalidNameException(
          InvalidNameException.Kind.DIGEST,
          "a %s digest has %d lower-case hexadecimal digits after the colon"
              .formatted(algorithm.prefix, algorithm.hexLength));
    }
  }

  /**
   * Reads {@code algorithm:hex}.
   *
   * @throws InvalidNameException if the text is not a digest of a supported algorithm
   */
  @JsonCreator
  public static Digest parse(String text) {
    int colon = text.indexOf(':');
    if (colon < 0) {
      throw new InvalidNameException(
          InvalidNameException.Kind.DIGEST,
          "a digest is algorithm:hex, such as sha256:..., but this is "
              + InvalidNameException.quote(text)
              + (isLowerHex(text)
                      && (text.length() == Algorithm.SHA256.hexLength
                          || text.length() == Algorithm.SHA512.hexLength)
                  ? "; put %s: before it"
                      .formatted(
                          text.length() == Algorithm.SHA512.hexLength
                              ? Algorithm.SHA512.prefix
                              : Algorithm.SHA256.prefix)
                  : ""));
    }
    return new Digest(Algorithm.parse(text.substring(0, colon)), text.substring(colon + 1));
  }

  /** The digest of these bytes. */
  public static Digest of(Algorithm algorithm, byte[] bytes) {
    return ofHash(algorithm, algorithm.newHasher().digest(bytes));
  }

  /** The digest whose hash value is these bytes. */
  public static Digest ofHash(Algorithm algorithm, byte[] hash) {
    return new Digest(algorithm, HexFormat.of().formatHex(hash));
  }

  /**
   * Reads what {@link #toBytes} made.
   *
   * @throws IllegalArgumentException if it did not make this
   */
  public static Digest ofBytes(byte[] bytes) {
    for (Algorithm algorithm : Algorithm.values()) {
      if (bytes.length == 1 + algorithm.hexLength / 2 && bytes[0] == algorithm.number) {
        return new Digest(algorithm, HexFormat.of().formatHex(bytes, 1, bytes.length));
      }
    }
    throw new IllegalArgumentException("no digest: " + HexFormat.of().formatHex(bytes));
  }

  /**
   * The digest in few bytes, for ever the same: one for the algorithm (1 is sha256, 2 is sha512)
   * and then the hash. Their order, as unsigned numbers, is that of {@link #compareTo}.
   */
  public byte[] toBytes() {
    byte[] bytes = new byte[1 + hex.length() / 2];
    bytes[0] = algorithm.number;
    for (int i = 1; i < bytes.length; i++) {
      bytes[i] = (byte) HexFormat.fromHexDigits(hex, 2 * i - 2, 2 * i);
    }
    return bytes;
  }

  private static boolean isLowerHex(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int compareTo(Digest other) {
    int order = algorithm.compareTo(other.algorithm); // which is that of their names
    return order != 0 ? order : hex.compareTo(other.hex);
  }

  @Override
  @JsonValue
  public String toString() {
    return algorithm.prefix + ':' + hex;
  }
}
