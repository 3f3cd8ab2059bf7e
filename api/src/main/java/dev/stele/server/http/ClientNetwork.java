package dev.stele.server.http;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;

/** What counts as one client where nobody signed in. */
public final class ClientNetwork {
  private static final int BYTES = 8;

  private ClientNetwork() {}

  /**
   * An address as it is or, of IPv6, the network of 64 bits that it is in, since whoever has one
   * address there has all.
   *
   * @param address in numbers
   */
  public static String of(String address) {
    try {
      // In numbers, so nobody is asked what it means.
      InetAddress parsed = InetAddress.ofLiteral(address);
      return parsed instanceof Inet6Address
          ? HexFormat.of().formatHex(Arrays.copyOf(parsed.getAddress(), BYTES))
          : address;
    } catch (IllegalArgumentException e) {
      return address;
    }
  }
}
