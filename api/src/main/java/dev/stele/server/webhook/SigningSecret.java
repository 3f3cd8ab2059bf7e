package dev.stele.server.webhook;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A secret that a receiver shares, by which it knows who sent a message and that nobody changed it.
 * As Standard Webhooks has them: {@code whsec_} and the base64 of 24 to 64 random bytes. Immutable
 * and thread-safe.
 */
public final class SigningSecret {
  private static final String PREFIX = "whsec_";
  private static final int SHORTEST = 24;
  private static final int LONGEST = 64;
  private static final String ALGORITHM = "HmacSHA256";

  private final byte[] key;

  private SigningSecret(byte[] key) {
    this.key = key;
  }

  /**
   * Reads a secret.
   *
   * @throws IllegalArgumentException saying what is wrong, without showing it
   */
  public static SigningSecret parse(String text) {
    if (!text.startsWith(PREFIX)) {
      throw new IllegalArgumentException(
          "must be whsec_ and base64; make one with: echo whsec_$(openssl rand -base64 32)");
    }
    byte[] key;
    try {
      key = Base64.getDecoder().decode(text.substring(PREFIX.length()));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("must be base64 after whsec_", e);
    }
    if (key.length < SHORTEST || key.length > LONGEST) {
      throw new IllegalArgumentException(
          "must have %d to %d bytes, not %d; make one with: echo whsec_$(openssl rand -base64 32)"
              .formatted(SHORTEST, LONGEST, key.length));
    }
    return new SigningSecret(key);
  }

  /**
   * The signature of a message, with the version before it: {@code v1,} and base64.
   *
   * @param sentAt in whole seconds
   */
  public String sign(String id, Instant sentAt, byte[] body) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(key, ALGORITHM));
      mac.update((id + "." + sentAt.getEpochSecond() + ".").getBytes(StandardCharsets.UTF_8));
      return "v1," + Base64.getEncoder().encodeToString(mac.doFinal(body));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JVM has " + ALGORITHM, e);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SigningSecret secret && MessageDigest.isEqual(key, secret.key);
  }

  @Override
  public int hashCode() {
    return SigningSecret.class.hashCode();
  }

  /** Does not show the secret. */
  @Override
  public String toString() {
    return "******";
  }
}
