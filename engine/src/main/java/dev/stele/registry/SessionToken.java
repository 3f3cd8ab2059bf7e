package dev.stele.registry;

import dev.stele.oci.Digest;
import java.security.SecureRandom;
import java.util.Optional;

/** By which a session goes on; see {@link SecretForm}. Immutable and thread-safe. */
public final class SessionToken {
  private static final SecretForm FORM = new SecretForm("stele_st_");

  private final SecretForm.Secret token;

  private SessionToken(SecretForm.Secret token) {
    this.token = token;
  }

  /** A new one. */
  static SessionToken random(SecureRandom random) {
    return new SessionToken(FORM.random(random));
  }

  /** The token that a text is; empty if it is none, whoever's. */
  public static Optional<SessionToken> parse(String text) {
    return FORM.parse(text).map(SessionToken::new);
  }

  /** What tells the session from others. It is no secret. */
  public String id() {
    return token.id();
  }

  /** The token itself: a secret. */
  public String secret() {
    return token.text();
  }

  /** What is kept of it. */
  public Digest hash() {
    return token.hash();
  }

  /** Without the secret. */
  @Override
  public String toString() {
    return "SessionToken " + id();
  }
}
