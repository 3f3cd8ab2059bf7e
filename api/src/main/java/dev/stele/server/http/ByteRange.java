package dev.stele.server.http;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a Range header asks for of some content (RFC 9110, section 14). */
public sealed interface ByteRange {
  /** Everything: no range, one that is not understood, or several at once. */
  record Whole() implements ByteRange {}

  /** Bytes {@code start} to {@code end}, both inclusive, within the content. */
  record Part(long start, long end) implements ByteRange {
    public long length() {
      return end - start + 1;
    }
  }

  /** A range that the content has no byte of: past its end, or ending before it starts. */
  record Unsatisfiable() implements ByteRange {}

  Pattern SINGLE =
      Pattern.compile("bytes=\\s*(\\d{0,30})-(\\d{0,30})\\s*", Pattern.CASE_INSENSITIVE);

  /**
   * Reads a header against content of this size in bytes. A malformed header is ignored and a range
   * that ends before it starts is rejected, both as the RFC allows (section 14.2); an end past the
   * content means its last byte.
   */
  static ByteRange parse(String header, long size) {
    Matcher matcher = SINGLE.matcher(header);
    if (!matcher.matches()) {
      return new Whole();
    }
    String first = matcher.group(1);
    String second = matcher.group(2);
    if (first.isEmpty()) {
      if (second.isEmpty()) {
        return new Whole();
      }
      long suffix = saturated(second);
      return suffix == 0 || size == 0
          ? new Unsatisfiable()
          : new Part(Math.max(0, size - suffix), size - 1);
    }
    long start = saturated(first);
    long end = second.isEmpty() ? Long.MAX_VALUE : saturated(second);
    return end < start || start >= size
        ? new Unsatisfiable()
        : new Part(start, Math.min(end, size - 1));
  }

  private static long saturated(String digits) {
    return digits.length() > 18 ? Long.MAX_VALUE : Long.parseLong(digits);
  }
}
