package dev.stele.server.http;

import dev.stele.server.http.TrustedProxies.Arrival;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a browser is given to bring back, and no script can read. Over TLS its name says that it was
 * set so (RFC 6265bis, section 4.1.3), so that nobody who can only speak for another host or
 * without TLS can set one that is taken for it. Immutable and thread-safe.
 *
 * @param name as it is sent
 * @param attributes that follow the value
 */
public record BrowserCookie(String name, String attributes) {
  /** By which somebody is signed in. No other site makes a browser send it. */
  public static BrowserCookie session(Arrival arrival) {
    return of("stele-session", "Strict", arrival);
  }

  /** For as long as somebody signs in: it must come along when the issuer sends them back. */
  public static BrowserCookie signIn(Arrival arrival) {
    return of("stele-sign-in", "Lax", arrival);
  }

  private static BrowserCookie of(String name, String sameSite, Arrival arrival) {
    boolean secure = arrival.url().startsWith("https://");
    boolean root = arrival.prefix().isNone();
    return new BrowserCookie(
        (secure ? root ? "__Host-" : "__Secure-" : "") + name,
        "; Path=%s; HttpOnly; SameSite=%s%s"
            .formatted(root ? "/" : arrival.prefix(), sameSite, secure ? "; Secure" : ""));
  }

  /** The header that sets it, for so long. */
  public String set(String value, Duration lifetime) {
    return "%s=%s; Max-Age=%d%s".formatted(name, value, lifetime.toSeconds(), attributes);
  }

  /** The header that has the browser forget it. */
  public String clear() {
    return set("", Duration.ZERO);
  }

  /** What a request has; empty if it has none. */
  public Optional<String> read(HttpServletRequest request) {
    return Stream.ofNullable(request.getCookies())
        .flatMap(Stream::of)
        .filter(cookie -> cookie.getName().equals(name) && !cookie.getValue().isEmpty())
        .map(Cookie::getValue)
        .findFirst();
  }
}
