package dev.stele.server;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** Ids that tie a request to its log lines and events. */
final class RequestIds {
  static final String HEADER = "X-Request-Id";

  private static final Pattern SANE = Pattern.compile("[A-Za-z0-9._-]{1,128}");
  private static final SecureRandom RANDOM = new SecureRandom();

  private RequestIds() {}

  /** The client's own id if it is one that can be logged safely, else a new one. */
  static String of(String header) {
    if (header != null && SANE.matcher(header).matches()) {
      return header;
    }
    byte[] bytes = new byte[12];
    RANDOM.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }
}
