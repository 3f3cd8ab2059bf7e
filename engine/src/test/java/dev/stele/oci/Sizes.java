package dev.stele.oci;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The content that tests have made, so that their manifests can state its size. Thread-safe. */
public final class Sizes {
  private static final Map<Digest, Long> KNOWN = new ConcurrentHashMap<>();

  private Sizes() {}

  /** The digest of some content, whose size is known from here on. */
  public static Digest digest(byte[] content) {
    Digest digest = Digest.of(Digest.Algorithm.SHA256, content);
    KNOWN.put(digest, (long) content.length);
    return digest;
  }

  /** The size of content in bytes; 1 for what nobody has made. */
  public static long of(Digest digest) {
    return KNOWN.getOrDefault(digest, 1L);
  }
}
