package dev.stele.server.http;

import jakarta.servlet.http.HttpServletRequest;
import java.util.regex.Pattern;

/** How a client reaches the server, by what it said itself. */
public final class PublicUrl {
  /** A name or an address, and perhaps a port. */
  private static final Pattern HOST =
      Pattern.compile("([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+])(:[0-9]{1,5})?");

  private PublicUrl() {}

  /** Scheme and host of a request, such as {@code https://registry.example}. */
  public static String of(HttpServletRequest request) {
    String host = request.getHeader("Host");
    return request.getScheme()
        + "://"
        + (host != null && HOST.matcher(host).matches()
            ? host
            : request.getLocalName() + ":" + request.getLocalPort());
  }
}
