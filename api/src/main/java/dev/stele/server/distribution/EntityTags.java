package dev.stele.server.distribution;

import dev.stele.oci.Digest;
import java.util.Optional;

/** Entity tags (RFC 9110, section 8.8.3): content's quoted digest. */
final class EntityTags {
  private EntityTags() {}

  static String of(Digest digest) {
    return '"' + digest.toString() + '"';
  }

  /**
   * Whether an If-None-Match header lists this tag. Digests have no commas, so neither do our tags;
   * some clients send them without quotes.
   */
  static boolean matches(Optional<String> header, String etag) {
    if (header.isEmpty()) {
      return false;
    }
    for (String candidate : header.get().split(",", -1)) {
      String tag = candidate.strip();
      tag = tag.startsWith("W/") ? tag.substring(2) : tag;
      if (tag.equals("*") || tag.equals(etag) || ('"' + tag + '"').equals(etag)) {
        return true;
      }
    }
    return false;
  }
}
