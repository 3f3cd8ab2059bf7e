package dev.stele.registry;

import java.security.SecureRandom;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * What all nodes over a database know and nobody else: 32 random bytes, made when they are first
 * asked for. What signs must derive a key for its purpose from them.
 */
final class ServerSecret {
  private static final int BYTES = 32;

  private ServerSecret() {}

  /** The secret. */
  static byte[] of(Handle handle) {
    // Looked for first: a database that takes no writes now may have it.
    return find(handle)
        .orElseGet(
            () -> {
              byte[] made = new byte[BYTES];
              new SecureRandom().nextBytes(made);
              handle.execute(
                  "INSERT INTO server_secret (secret) VALUES (?) ON CONFLICT DO NOTHING", made);
              return find(handle).orElseThrow();
            });
  }

  private static Optional<byte[]> find(Handle handle) {
    return handle
        .createQuery("SELECT secret FROM server_secret WHERE only_row")
        .mapTo(byte[].class)
        .findOne();
  }
}
