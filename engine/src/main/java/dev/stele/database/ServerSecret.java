package dev.stele.database;

import java.security.SecureRandom;
import org.jdbi.v3.core.Handle;

/**
 * What all nodes over a database know and nobody else: 32 random bytes, made when they are first
 * asked for. What signs must derive a key for its purpose from them.
 */
public final class ServerSecret {
  private static final int BYTES = 32;

  private ServerSecret() {}

  /** The secret. */
  public static byte[] of(Handle handle) {
    byte[] made = new byte[BYTES];
    new SecureRandom().nextBytes(made);
    handle.execute("INSERT INTO server_secret (secret) VALUES (?) ON CONFLICT DO NOTHING", made);
    return handle
        .createQuery("SELECT secret FROM server_secret WHERE only_row")
        .mapTo(byte[].class)
        .one();
  }
}
