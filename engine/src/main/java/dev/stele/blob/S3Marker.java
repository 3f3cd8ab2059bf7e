package dev.stele.blob;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The marker of a bucket: an object that is replaced as a whole, if it is still the one that was
 * seen. Other processes may replace it too. Safe for use by several threads.
 */
final class S3Marker {
  private static final String NAME = "marker";

  private final S3Bucket bucket;

  /** The marker as it was last read or written here. */
  private volatile Optional<Seen> seen = Optional.empty();

  private record Seen(String text, String etag) {}

  S3Marker(S3Bucket bucket) {
    this.bucket = bucket;
  }

  /** See {@link BlobStore#marker}. */
  Optional<String> read() throws IOException {
    return look().map(Seen::text);
  }

  private Optional<Seen> look() throws IOException {
    Optional<Seen> read =
        bucket.read(
            NAME,
            answer ->
                new Seen(
                    new String(answer.readNBytes(BlobStore.MARKER_CHARACTERS + 1), US_ASCII),
                    S3Bucket.etag(answer)));
    seen = read;
    return read;
  }

  /** See {@link BlobStore#mark}. */
  boolean replace(Optional<String> expected, String next) throws IOException {
    Optional<Seen> current = seen;
    if (!current.map(Seen::text).equals(expected)) {
      current = look();
      if (!current.map(Seen::text).equals(expected)) {
        return false;
      }
    }
    byte[] text = next.getBytes(US_ASCII);
    Map<String, String> metadata = Map.of("revision", UUID.randomUUID().toString());
    return switch (bucket.replace(NAME, text, text.length, metadata, current.map(Seen::etag))) {
      case S3Bucket.Replacement.Done(String etag) -> {
        seen = Optional.of(new Seen(next, etag));
        yield true;
      }
      case S3Bucket.Replacement.Overtaken() -> {
        seen = Optional.empty();
        yield false;
      }
    };
  }
}
