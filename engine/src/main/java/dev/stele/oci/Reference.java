package dev.stele.oci;

/** What a manifest is asked for by: a tag, or a digest. */
public sealed interface Reference permits Tag, Reference.ByDigest {
  /** A manifest named by its digest. */
  record ByDigest(Digest digest) implements Reference {
    @Override
    public String toString() {
      return digest.toString();
    }
  }

  /**
   * Reads a tag or a digest; only a digest has a colon.
   *
   * @throws InvalidNameException if it is neither
   */
  static Reference parse(String text) {
    return text.indexOf(':') >= 0 ? new ByDigest(Digest.parse(text)) : Tag.parse(text);
  }
}
