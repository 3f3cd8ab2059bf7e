package dev.stele.cli;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/**
 * The address of a server.
 *
 * @param uri without a slash at the end
 */
record ServerUrl(URI uri) {
  /**
   * Reads one, such as {@code https://registry.example.com}.
   *
   * @throws IllegalArgumentException saying what is wrong
   */
  static ServerUrl parse(String text) {
    URI uri;
    try {
      uri = new URI(text.replaceFirst("/+$", ""));
    } catch (URISyntaxException e) {
      throw wrong(text);
    }
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    if (!(scheme.equals("http") || scheme.equals("https"))
        || uri.getHost() == null
        || uri.getRawUserInfo() != null
        || uri.getRawQuery() != null
        || uri.getRawFragment() != null) {
      throw wrong(text);
    }
    return new ServerUrl(uri);
  }

  private static IllegalArgumentException wrong(String text) {
    return new IllegalArgumentException(
        "a server is named by its address, such as https://registry.example.com, not '"
            + text
            + "'");
  }

  /** Whether what is sent there can be read by nobody on the way. */
  boolean confidential() {
    return uri.getScheme().equalsIgnoreCase("https") || loopback();
  }

  /** Whether it is on this machine. A name that may come to mean another one is not. */
  boolean loopback() {
    String host = uri.getHost();
    return host.equalsIgnoreCase("localhost")
        || host.matches("127(\\.[0-9]{1,3}){3}")
        || host.equals("[::1]");
  }

  @Override
  public String toString() {
    return uri.toString();
  }
}
