package dev.stele.server.auth;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;

/**
 * What proves that a request comes from the command line of this machine: a random token that a
 * server makes at its start and writes where its own user alone can read it. It counts over
 * loopback only. Whoever has it says for whom they act.
 *
 * @param exclusive whether nobody else is let in
 */
public record LocalCredential(String token, boolean exclusive) {
  /** The header that names the user of this machine, percent-encoded. */
  public static final String OPERATOR = "X-Stele-Operator";

  private static final String SCHEME = "bearer ";
  private static final int BYTES = 32;

  /** A new one. */
  public static LocalCredential random(boolean exclusive) {
    byte[] token = new byte[BYTES];
    new SecureRandom().nextBytes(token);
    return new LocalCredential(
        Base64.getUrlEncoder().withoutPadding().encodeToString(token), exclusive);
  }

  /** Whether a credential is a token, of whatever kind, right or wrong. */
  public static boolean isBearer(String authorization) {
    return authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
  }

  /** The token of a credential that is one. */
  public static String token(String authorization) {
    return authorization.substring(SCHEME.length()).strip();
  }

  /**
   * Whether a request has it.
   *
   * @param address that the request came from, in numbers
   */
  public boolean accepts(String authorization, String address) {
    return isBearer(authorization)
        // Takes as long wherever they differ.
        && MessageDigest.isEqual(
            token.getBytes(StandardCharsets.UTF_8),
            token(authorization).getBytes(StandardCharsets.UTF_8))
        && loopback(address);
  }

  /** What a request has in its {@code Authorization} header. */
  public String authorization() {
    return "Bearer " + token;
  }

  private static boolean loopback(String address) {
    try {
      return InetAddress.getByName(address).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /** Without the token: it is a secret. */
  @Override
  public String toString() {
    return "LocalCredential";
  }
}
