package dev.stele.event;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/** Something by which events are looked for: one of the things that an event has or speaks of. */
public record Facet(Kind kind, String value) {
  /** What a facet says. The names are part of keys that are stored: do not rename one. */
  public enum Kind {
    /** The event's type. */
    TYPE,
    /** The repository that it happened in, or that was asked for in vain. */
    REPOSITORY,
    /** What that repository's name has before one of its slashes. */
    NAMESPACE,
    /** The random id of who acted. */
    ACTOR,
    /** A digest that it speaks of. */
    DIGEST,
    /** A tag that it speaks of, of whatever repository. */
    TAG,
    /** The kind of its cause. */
    CAUSE
  }

  /**
   * The facet in 16 bytes: the beginning of the SHA-256 of its kind and value. Two facets of one
   * key are not to be expected, and could only be made with 2^64 attempts.
   */
  public UUID key() {
    MessageDigest hasher;
    try {
      hasher = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
    hasher.update(kind.name().getBytes(UTF_8));
    hasher.update((byte) 0);
    ByteBuffer hash = ByteBuffer.wrap(hasher.digest(value.getBytes(UTF_8)));
    return new UUID(hash.getLong(), hash.getLong());
  }
}
