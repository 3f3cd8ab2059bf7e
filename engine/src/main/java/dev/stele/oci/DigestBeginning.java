package dev.stele.oci;

/**
 * The digests of an algorithm whose hexadecimal form begins with some digits, all of them or none:
 * those from the first to the last, in the order of digests.
 */
public record DigestBeginning(Digest first, Digest last) {
  /**
   * Reads {@code algorithm:digits}.
   *
   * @throws InvalidNameException if it is not the beginning of a digest of a supported algorithm
   */
  public static DigestBeginning parse(String text) {
    int colon = text.indexOf(':');
    Digest.Algorithm algorithm =
        Digest.Algorithm.parse(colon < 0 ? text : text.substring(0, colon));
    int missing =
        Math.max(0, algorithm.prefix().length() + 1 + algorithm.hexLength() - text.length());
    return new DigestBeginning(
        Digest.parse(text + "0".repeat(missing)), Digest.parse(text + "f".repeat(missing)));
  }

  /** Whether the digest is one of them. */
  public boolean matches(Digest digest) {
    return first.compareTo(digest) <= 0 && digest.compareTo(last) <= 0;
  }
}
