package dev.stele.server;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;

/**
 * Where the server listens.
 *
 * @param host a name or address, IPv6 without brackets
 * @param port 0 for any free one
 */
public record ListenAddress(String host, int port) {
  public static final ListenAddress DEFAULT = new ListenAddress("127.0.0.1", 5000);

  public ListenAddress {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("a port is between 0 and 65535, not " + port);
    }
    if (host.isEmpty()) {
      throw new IllegalArgumentException("the host is missing; use 0.0.0.0 for all interfaces");
    }
  }

  /**
   * Reads {@code HOST:PORT}, {@code [IPV6]:PORT} or {@code HOST}, which means the default port.
   *
   * @throws IllegalArgumentException saying what is wrong
   */
  public static ListenAddress parse(String text) {
    if (text.matches("[0-9]+")) {
      throw new IllegalArgumentException(
          "\"%s\" is a port without a host; write %s:%s".formatted(text, DEFAULT.host, text));
    }
    int colon = text.lastIndexOf(':');
    boolean bracketed = text.startsWith("[");
    if (bracketed && !text.contains("]")) {
      throw new IllegalArgumentException("\"" + text + "\" lacks a ]");
    }
    if (!bracketed && colon != text.indexOf(':')) {
      throw new IllegalArgumentException(
          "write an IPv6 address in brackets, such as [::1]:5000, not \"" + text + "\"");
    }
    boolean hasPort = colon >= 0 && colon > text.indexOf(']');
    String host = hasPort ? text.substring(0, colon) : text;
    if (bracketed) {
      if (!host.endsWith("]")) {
        throw new IllegalArgumentException("\"" + text + "\" is not HOST:PORT");
      }
      host = host.substring(1, host.length() - 1);
    }
    if (!hasPort) {
      return new ListenAddress(host, DEFAULT.port);
    }
    String digits = text.substring(colon + 1);
    if (!digits.matches("[0-9]{1,5}")) {
      throw new IllegalArgumentException("\"" + text + "\" is not HOST:PORT");
    }
    return new ListenAddress(host, Integer.parseInt(digits));
  }

  /** Whether only this machine can connect. */
  public boolean isLoopback() {
    try {
      InetAddress[] addresses = InetAddress.getAllByName(host);
      for (InetAddress address : addresses) {
        if (!address.isLoopbackAddress()) {
          return false;
        }
      }
      return true;
    } catch (UnknownHostException e) {
      // Binding will fail with a better message; until then it counts as not safe.
      return false;
    }
  }

  /** Where this machine itself connects to it over loopback, in numbers; empty if it cannot. */
  public Optional<ListenAddress> onThisMachine() {
    try {
      InetAddress address = InetAddress.getByName(host);
      if (address.isLoopbackAddress()) {
        return Optional.of(new ListenAddress(address.getHostAddress(), port));
      }
      return address.isAnyLocalAddress()
          ? Optional.of(new ListenAddress(host.indexOf(':') >= 0 ? "::1" : "127.0.0.1", port))
          : Optional.empty();
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }

  /** The same host with another port. */
  public ListenAddress withPort(int other) {
    return new ListenAddress(host, other);
  }

  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
