package dev.stele.server.auth;

import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A secret of the registry, from which each purpose has a key of its own. Thread-safe. */
public final class ServerKey {
  private static final String HMAC = "HmacSHA256";
  private static final int BYTES = 32;
  private static final int TAG_BYTES = 16;

  private final byte[] secret;

  /**
   * A key.
   *
   * @param secret 32 random bytes
   */
  public ServerKey(byte[] secret) {
    this.secret = secret.clone();
  }

  /** One that nothing else knows. */
  public static ServerKey random() {
    byte[] secret = new byte[BYTES];
    new SecureRandom().nextBytes(secret);
    return new ServerKey(secret);
  }

  /** The key for a purpose: 32 bytes. */
  byte[] derive(String purpose) {
    return hmac(secret, purpose);
  }

  /**
   * Authenticates some texts, none of which has a line feed: 22 characters that fit an address.
   *
   * @param purpose so that what is made for one counts for no other
   */
  public String authenticate(String purpose, String... texts) {
    byte[] tag = hmac(derive(purpose), String.join("\n", texts));
    return Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(tag, TAG_BYTES));
  }

  /** Whether that was made from these texts; takes as long wherever it differs. */
  public boolean isAuthentic(String tag, String purpose, String... texts) {
    return MessageDigest.isEqual(
        authenticate(purpose, texts).getBytes(StandardCharsets.UTF_8),
        tag.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] hmac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(key, HMAC));
      return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException | InvalidKeyException e) {
      throw new IllegalStateException("every JDK has HMAC with SHA-256", e);
    }
  }

  /** Without the secret. */
  @Override
  public String toString() {
    return "ServerKey";
  }
}
