package dev.stele.server.auth;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * Passwords that were found right a short while ago, with what that proved. Keeps salted SHA-256
 * hashes, never a password; at most {@value #CAPACITY} of them, the oldest go first. Thread-safe.
 */
final class VerifiedCredentials<T> {
  /** For how long one is remembered. */
  static final Duration LIFETIME = Duration.ofMinutes(5);

  private static final int CAPACITY = 1_000;

  private record Verified<T>(T proof, long expiry) {}

  private final byte[] salt = new byte[32];
  private final SequencedMap<ByteBuffer, Verified<T>> known = new LinkedHashMap<>();

  VerifiedCredentials() {
    new SecureRandom().nextBytes(salt);
  }

  Optional<T> find(ByteBuffer key) {
    long now = System.nanoTime();
    synchronized (known) {
      Verified<T> found = known.get(key);
      return found != null && now - found.expiry < 0 ? Optional.of(found.proof) : Optional.empty();
    }
  }

  void add(ByteBuffer key, T proof) {
    long expiry = System.nanoTime() + LIFETIME.toNanos();
    synchronized (known) {
      known.remove(key);
      known.put(key, new Verified<>(proof, expiry));
      if (known.size() > CAPACITY) {
        known.pollFirstEntry();
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
