package dev.stele.blob;

import dev.stele.oci.Digest;

/** The bytes received are not those that the client named. They are removed. */
public final class DigestMismatchException extends BlobStoreException {
  private final Digest expected;
  private final Digest actual;

  public DigestMismatchException(Digest expected, Digest actual) {
    super("the digest of the bytes received is %s, not %s".formatted(actual, expected));
    this.expected = expected;
    this.actual = actual;
  }

  /** What the client said. */
  public Digest expected() {
    return expected;
  }

  /** What was received. */
  public Digest actual() {
    return actual;
  }
}
