package dev.stele.server.http;

import java.io.ByteArrayOutputStream;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Percent-encoding of RFC 3986, read strictly: a malformed escape, bytes that are not UTF-8 and
 * control characters (NUL among them) are errors, and {@code +} is a plus.
 */
public final class PercentEncoding {
  private PercentEncoding() {}

  /**
   * Decodes one path segment or query component.
   *
   * @throws RefusedRequestException 400 saying what is wrong
   */
  public static String decode(String text, ErrorCode code) {
    boolean plain = true;
    for (int i = 0; i < text.length() && plain; i++) {
      char c = text.charAt(i);
      plain = c != '%' && c > 0x20 && c < 0x7f;
    }
    if (plain) {
      return text;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '%') {
        boolean whole = i + 2 < text.length();
        int high = whole ? hexDigit(text.charAt(i + 1)) : -1;
        int low = whole ? hexDigit(text.charAt(i + 2)) : -1;
        if (high < 0 || low < 0) {
          throw malformed(code, "a '%' must be followed by two hexadecimal digits");
        }
        bytes.write(high << 4 | low);
        i += 2;
      } else if (c < 0x80) {
        bytes.write(c);
      } else {
        throw malformed(code, "characters beyond ASCII must be percent-encoded");
      }
    }
    String decoded;
    try {
      decoded =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(bytes.toByteArray()))
              .toString();
    } catch (CharacterCodingException e) {
      throw malformed(code, "it is not UTF-8 after percent-decoding");
    }
    if (decoded.chars().anyMatch(Character::isISOControl)) {
      throw malformed(code, "it has control characters");
    }
    return decoded;
  }

  // Character.digit would accept the digits of other scripts.
  private static int hexDigit(char c) {
    return c < 0x80 ? Character.digit(c, 16) : -1;
  }

  /** Encodes a query component. */
  public static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static RefusedRequestException malformed(ErrorCode code, String what) {
    return new DistributionError(400, code, "the request's address is malformed: " + what)
        .asException();
  }
}
