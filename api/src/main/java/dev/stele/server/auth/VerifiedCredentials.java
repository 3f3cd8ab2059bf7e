package dev.stele.server.auth;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * Credentials that were found right a short while ago. Keeps salted SHA-256 hashes, never a
 * password; at most {@value #CAPACITY} of them, the oldest go first. Thread-safe.
 */
final class VerifiedCredentials {
  private static final int CAPACITY = 1_000;
  private static final Duration LIFETIME = Duration.ofMinutes(5);

  private final byte[] salt = new byte[32];
  private final SequencedMap<ByteBuffer, Long> expiries = new LinkedHashMap<>();

  VerifiedCredentials() {
    new SecureRandom().nextBytes(salt);
  }

  boolean contains(String user, String password) {
    ByteBuffer key = key(user, password);
    long now = System.nanoTime();
    synchronized (expiries) {
      Long expiry = expiries.get(key);
      return expiry != null && now - expiry < 0;
    }
  }

  void add(String user, String password) {
    ByteBuffer key = key(user, password);
    long expiry = System.nanoTime() + LIFETIME.toNanos();
    synchronized (expiries) {
      expiries.remove(key);
      expiries.put(key, expiry);
      if (expiries.size() > CAPACITY) {
        expiries.pollFirstEntry();
      }
    }
  }

  /** What stands for both; it tells nothing of them. */
  ByteBuffer key(String user, String password) {
    try {
      MessageDigest hasher = MessageDigest.getInstance("SHA-256");
      hasher.update(salt);
      byte[] name = user.getBytes(StandardCharsets.UTF_8);
      hasher.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, name.length));
      hasher.update(name);
      return ByteBuffer.wrap(hasher.digest(password.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
