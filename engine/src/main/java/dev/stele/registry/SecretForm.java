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
 * What secrets of one purpose look like: a beginning such as {@code stele_rk_}, an id (12
 * hexadecimal digits), {@code _}, 256 random bits in base64url, and the CRC-32 of all that in 8
 * hexadecimal digits. So whoever searches for secrets that leaked recognises one, and knows that it
 * is none by chance. Immutable and thread-safe.
 */
final class SecretForm {
  private static final int ID_BYTES = 6;
  private static final int SECRET_BYTES = 32;

  private final String beginning;
  private final Pattern grammar;
  private final int length;

  SecretForm(String beginning) {
    this.beginning = beginning;
    this.grammar =
        Pattern.compile("(" + beginning + "([0-9a-f]{12})_[A-Za-z0-9_-]{43})([0-9a-f]{8})");
    this.length = beginning.length() + 12 + 1 + 43 + 8;
  }

  /**
   * One of them.
   *
   * @param id tells it from others, and is no secret
   * @param text all of it
   */
  record Secret(String id, String text) {
    /** What is kept of it: the SHA-256, from which nobody finds that many random bits. */
    Digest hash() {
      return Digest.of(Digest.Algorithm.SHA256, text.getBytes(StandardCharsets.US_ASCII));
    }

    /** Without the secret. */
    @Override
    public String toString() {
      return id;
    }
  }

  /** A new one. */
  Secret random(SecureRandom random) {
    byte[] id = new byte[ID_BYTES];
    byte[] secret = new byte[SECRET_BYTES];
    random.nextBytes(id);
    random.nextBytes(secret);
    String hex = HexFormat.of().formatHex(id);
    String unchecked =
        beginning + hex + "_" + Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
    return new Secret(hex, unchecked + checksum(unchecked));
  }

  /** The one that a text is; empty if it is none. */
  Optional<Secret> parse(String text) {
    if (text.length() != length) {
      return Optional.empty();
    }
    Matcher matcher = grammar.matcher(text);
    return matcher.matches() && checksum(matcher.group(1)).equals(matcher.group(3))
        ? Optional.of(new Secret(matcher.group(2), text))
        : Optional.empty();
  }

  private static String checksum(String text) {
    CRC32 checksum = new CRC32();
    checksum.update(text.getBytes(StandardCharsets.US_ASCII));
    return HexFormat.of().toHexDigits((int) checksum.getValue());
  }
}
