package dev.stele.registry;

import dev.stele.oci.Digest;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/**
 * A key by which a robot signs in: {@code stele_rk_}, its id (12 hexadecimal digits), {@code _},
 * 256 random bits in base64url, and the CRC-32 of all that in 8 hexadecimal digits. So whoever
 * searches for secrets that leaked recognises one, and knows that it is none by chance. Immutable
 * and thread-safe.
 */
public final class RobotKey {
  private static final String BEGINNING = "stele_rk_";
  private static final int ID_BYTES = 6;
  private static final int SECRET_BYTES = 32;
  private static final Pattern GRAMMAR =
      Pattern.compile("(" + BEGINNING + "([0-9a-f]{12})_[A-Za-z0-9_-]{43})([0-9a-f]{8})");
  private static final int LENGTH = BEGINNING.length() + 12 + 1 + 43 + 8;

  private final String id;
  private final String text;

  private RobotKey(String id, String text) {
    this.id = id;
    this.text = text;
  }

  /** A new one. */
  static RobotKey random(SecureRandom random) {
    byte[] id = new byte[ID_BYTES];
    byte[] secret = new byte[SECRET_BYTES];
    random.nextBytes(id);
    random.nextBytes(secret);
    String hex = HexFormat.of().formatHex(id);
    String unchecked =
        BEGINNING + hex + "_" + Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
    return new RobotKey(hex, unchecked + checksum(unchecked));
  }

  /** The key that a text is; empty if it is none, whoever's. */
  public static Optional<RobotKey> parse(String text) {
    if (text.length() != LENGTH) {
      return Optional.empty();
    }
    Matcher matcher = GRAMMAR.matcher(text);
    return matcher.matches() && checksum(matcher.group(1)).equals(matcher.group(3))
        ? Optional.of(new RobotKey(matcher.group(2), text))
        : Optional.empty();
  }

  private static String checksum(String text) {
    CRC32 checksum = new CRC32();
    checksum.update(text.getBytes(StandardCharsets.US_ASCII));
    return HexFormat.of().toHexDigits((int) checksum.getValue());
  }

  /** What tells it from others. It is no secret. */
  public String id() {
    return id;
  }

  /** The key itself: a secret. */
  public String secret() {
    return text;
  }

  /** What is kept of it. */
  public Digest hash() {
    return Digest.of(Digest.Algorithm.SHA256, text.getBytes(StandardCharsets.US_ASCII));
  }

  /** Without the secret. */
  @Override
  public String toString() {
    return "RobotKey " + id;
  }
}
