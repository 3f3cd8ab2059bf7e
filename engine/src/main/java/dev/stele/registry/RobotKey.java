package dev.stele.registry;

import dev.stele.oci.Digest;
import java.security.SecureRandom;
import java.util.Optional;

/** A key by which a robot signs in; see {@link SecretForm}. Immutable and thread-safe. */
public final class RobotKey {
  private static final SecretForm FORM = new SecretForm("stele_rk_");

  private final SecretForm.Secret key;

  private RobotKey(SecretForm.Secret key) {
    this.key = key;
  }

  /** A new one. */
  static RobotKey random(SecureRandom random) {
    return new RobotKey(FORM.random(random));
  }

  /** The key that a text is; empty if it is none, whoever's. */
  public static Optional<RobotKey> parse(String text) {
    return FORM.parse(text).map(RobotKey::new);
  }

  /** What tells it from others. It is no secret. */
  public String id() {
    return key.id();
  }

  /** The key itself: a secret. */
  public String secret() {
    return key.text();
  }

  /** What is kept of it. */
  public Digest hash() {
    return key.hash();
  }

  /** Without the secret. */
  @Override
  public String toString() {
    return "RobotKey " + id();
  }
}
