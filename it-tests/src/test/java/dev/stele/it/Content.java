package dev.stele.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.oci.Digest;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Bytes with their media type and digest: a blob or a manifest of a test image. Compare digests,
 * not records.
 */
@SuppressWarnings("ArrayRecordComponent")
record Content(String mediaType, Digest digest, byte[] bytes) {
  private static final ObjectMapper JSON = new ObjectMapper();

  static Content of(String mediaType, byte[] bytes) {
    return new Content(mediaType, Digest.of(Digest.Algorithm.SHA256, bytes), bytes);
  }

  /** The bytes as JSON. */
  JsonNode json() {
    try {
      return JSON.readTree(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException("not JSON: " + digest, e);
    }
  }

  int size() {
    return bytes.length;
  }
}
