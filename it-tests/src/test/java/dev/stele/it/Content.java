package dev.stele.it;

import dev.stele.oci.Digest;

/**
 * Bytes with their media type and digest: a blob or a manifest of a test image. Compare digests,
 * not records.
 */
@SuppressWarnings("ArrayRecordComponent")
record Content(String mediaType, Digest digest, byte[] bytes) {
  static Content of(String mediaType, byte[] bytes) {
    return new Content(mediaType, Digest.of(Digest.Algorithm.SHA256, bytes), bytes);
  }

  int size() {
    return bytes.length;
  }
}
