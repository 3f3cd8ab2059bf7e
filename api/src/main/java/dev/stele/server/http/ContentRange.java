package dev.stele.server.http;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The Content-Range header of an uploaded chunk, in the distribution specification's own form
 * {@code <start>-<end>}, both inclusive.
 */
public record ContentRange(long start, long end) {
  private static final Pattern FORM =
      Pattern.compile("(?:bytes[ =])?([0-9]{1,18})-([0-9]{1,18})(?:/(?:[0-9]{1,18}|\\*))?");

  /**
   * Reads the header.
   *
   * @param contentLength the body's declared length in bytes, which must agree
   * @throws RefusedRequestException 416 if it is malformed or ends before it starts; 400
   *     SIZE_INVALID if the body has another length
   */
  public static Optional<ContentRange> parse(Optional<String> header, OptionalLong contentLength) {
    if (header.isEmpty()) {
      return Optional.empty();
    }
    Matcher matcher = FORM.matcher(header.get().strip());
    if (!matcher.matches()) {
      throw refused(
          416, ErrorCode.BLOB_UPLOAD_INVALID, "Content-Range must be <start>-<end>", header.get());
    }
    ContentRange range =
        new ContentRange(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)));
    if (range.end < range.start) {
      throw refused(
          416, ErrorCode.BLOB_UPLOAD_INVALID, "Content-Range ends before it starts", header.get());
    }
    if (contentLength.isPresent() && contentLength.getAsLong() != range.length()) {
      throw refused(
          400,
          ErrorCode.SIZE_INVALID,
          "Content-Range speaks of %d bytes but Content-Length is %d"
              .formatted(range.length(), contentLength.getAsLong()),
          header.get());
    }
    return Optional.of(range);
  }

  /** How many bytes the range has. */
  public long length() {
    return end - start + 1;
  }

  private static RefusedRequestException refused(
      int status, ErrorCode code, String message, String header) {
    return new DistributionError(
            status,
            code,
            message,
            Map.of("contentRange", header.substring(0, Math.min(80, header.length()))))
        .asException();
  }
}
