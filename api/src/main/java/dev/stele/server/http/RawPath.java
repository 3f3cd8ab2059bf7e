package dev.stele.server.http;

import java.util.ArrayList;
import java.util.List;

/**
 * The path of a request as it came, split at its slashes and then decoded, so that an encoded slash
 * never looks like a separator. The last segment is empty if the path ends with a slash.
 */
public record RawPath(List<String> segments) {
  public RawPath {
    segments = List.copyOf(segments);
  }

  /**
   * Reads a path that has not been decoded or normalised.
   *
   * @throws RefusedRequestException 400 for bad percent-encoding, an encoded slash, {@code .} or
   *     {@code ..} as a segment, and control characters
   */
  public static RawPath parse(String raw) {
    if (raw.isEmpty() || raw.charAt(0) != '/') {
      throw malformed("it must begin with a slash");
    }
    List<String> segments = new ArrayList<>();
    for (String segment : raw.substring(1).split("/", -1)) {
      String decoded = PercentEncoding.decode(segment, ErrorCode.NAME_INVALID);
      if (decoded.indexOf('/') >= 0) {
        throw malformed("a slash within a segment is not allowed");
      }
      if (decoded.equals(".") || decoded.equals("..")) {
        throw malformed("the segments . and .. are not allowed");
      }
      segments.add(decoded);
    }
    return new RawPath(segments);
  }

  public int size() {
    return segments.size();
  }

  /** The segment at this index from the end: 0 is the last one. Absent segments are empty. */
  public String fromEnd(int index) {
    int position = segments.size() - 1 - index;
    return position < 0 ? "" : segments.get(position);
  }

  /** Whether the path begins with these segments. */
  public boolean startsWith(String... first) {
    return segments.size() >= first.length
        && segments.subList(0, first.length).equals(List.of(first));
  }

  /** The segments from one index until another (exclusive), joined by slashes. */
  public String join(int from, int to) {
    return String.join("/", segments.subList(from, to));
  }

  private static RefusedRequestException malformed(String what) {
    return new DistributionError(400, ErrorCode.NAME_INVALID, "the path is malformed: " + what)
        .asException();
  }
}
