package dev.stele.merkle;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A key by which signatures of checkpoints are checked, in the form that C2SP calls a verifier key.
 * Immutable and thread-safe.
 */
public final class NoteKey {
  private static final int MOST_NAME_BYTES = 255;
  private static final Pattern NAME = Pattern.compile("[^\\s+\\p{Cntrl}]+");

  private final String name;
  private final KeyType type;
  private final byte[] bytes;
  private final int id;

  private NoteKey(String name, KeyType type, byte[] bytes) {
    checkName(name);
    if (bytes.length != type.publicBytes()) {
      throw new IllegalArgumentException(
          "a key of type %s has %d bytes, not %d"
              .formatted(type, type.publicBytes(), bytes.length));
    }
    this.name = name;
    this.type = type;
    this.bytes = bytes.clone();
    this.id = ByteBuffer.wrap(sha256(name, type, bytes)).getInt();
  }

  /** A key by what the JDK has of it. */
  static NoteKey of(String name, KeyType type, PublicKey key) {
    byte[] encoded = key.getEncoded();
    return new NoteKey(
        name, type, Arrays.copyOfRange(encoded, type.prefix().length, encoded.length));
  }

  /**
   * Refuses what is no name.
   *
   * @throws IllegalArgumentException saying what names are
   */
  public static void checkName(String name) {
    if (!NAME.matcher(name).matches()
        || name.getBytes(StandardCharsets.UTF_8).length > MOST_NAME_BYTES) {
      throw new IllegalArgumentException(
          "must be like an address without https://, such as registry.example.com/log: no space, no +, at most %d bytes; not \"%s\""
              .formatted(MOST_NAME_BYTES, name));
    }
  }

  private static byte[] sha256(String name, KeyType type, byte[] bytes) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(name.getBytes(StandardCharsets.UTF_8));
      digest.update((byte) '\n');
      digest.update(type.number());
      return digest.digest(bytes);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // Every JDK has it.
    }
  }

  /**
   * Reads one, such as {@code registry.example.com/log+530d903a+AekyeR...}.
   *
   * @throws IllegalArgumentException saying what is wrong with it
   */
  public static NoteKey parse(String text) {
    String[] parts = text.split("\\+", 3);
    byte[] key;
    try {
      key = parts.length == 3 ? Base64.getDecoder().decode(parts[2]) : new byte[0];
    } catch (IllegalArgumentException _) {
      key = new byte[0];
    }
    if (key.length < 2) {
      throw new IllegalArgumentException(
          "a verifier key is NAME+ID+KEY, with the id in 8 hexadecimal digits and the key in"
              + " base64");
    }
    NoteKey read =
        new NoteKey(parts[0], KeyType.of(key[0]), Arrays.copyOfRange(key, 1, key.length));
    if (!parts[1].equals(HexFormat.of().toHexDigits(read.id))) {
      throw new IllegalArgumentException(
          "the key of %s has the id %s, not %s: a character of it was lost or changed"
              .formatted(parts[0], HexFormat.of().toHexDigits(read.id), parts[1]));
    }
    return read;
  }

  public String name() {
    return name;
  }

  public KeyType type() {
    return type;
  }

  /** With the name, what tells it from others; no secret, and not hard to make another key for. */
  public int id() {
    return id;
  }

  /**
   * Name and id, which tell it from others in a note: {@code registry.example.com/log+530d903a}.
   */
  public String label() {
    return name + "+" + HexFormat.of().toHexDigits(id);
  }

  /** What two keys have in common that are the same under different names. */
  ByteBuffer material() {
    return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
  }

  /** Its signature of a note; empty if there is none. */
  public Optional<SignedNote.Line> in(SignedNote note) {
    return note.signatures().stream()
        .filter(line -> line.name().equals(name) && line.id() == id)
        .findFirst();
  }

  /** Whether a note has this key's signature of the checkpoint that it is. */
  public boolean signed(Checkpoint checkpoint, SignedNote note) {
    return in(note).filter(line -> verifies(checkpoint, line)).isPresent();
  }

  /**
   * When a signature of this key says that it was made; empty if it does not say. Nothing is
   * checked.
   */
  public Optional<Instant> signedAt(SignedNote.Line line) {
    byte[] signature = line.signature();
    if (!type.timed() || signature.length < Long.BYTES) {
      return Optional.empty();
    }
    long seconds = ByteBuffer.wrap(signature).getLong();
    return seconds > 0 && seconds <= Instant.MAX.getEpochSecond()
        ? Optional.of(Instant.ofEpochSecond(seconds))
        : Optional.empty();
  }

  /** Whether a signature is this key's of a checkpoint. */
  public boolean verifies(Checkpoint checkpoint, SignedNote.Line line) {
    ByteBuffer signature = ByteBuffer.wrap(line.signature());
    if (line.id() != id || !line.name().equals(name) || signature.remaining() < Long.BYTES) {
      return false;
    }
    long seconds = type.timed() ? signature.getLong() : 0;
    byte[] rest = new byte[signature.remaining()];
    signature.get(rest);
    try {
      Signature verifier = Signature.getInstance(type.algorithm());
      verifier.initVerify(
          KeyFactory.getInstance(type.algorithm())
              .generatePublic(
                  new X509EncodedKeySpec(
                      ByteBuffer.allocate(type.prefix().length + bytes.length)
                          .put(type.prefix())
                          .put(bytes)
                          .array())));
      verifier.update(type.message(name, seconds, checkpoint));
      return seconds >= 0 && verifier.verify(rest);
    } catch (GeneralSecurityException _) {
      return false; // It has not the form of a signature, or the key is no point of the curve.
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NoteKey key
        && key.name.equals(name)
        && key.type == type
        && Arrays.equals(key.bytes, bytes);
  }

  @Override
  public int hashCode() {
    return Objects.hash(name, type, id);
  }

  /** As {@link #parse} reads it. */
  @Override
  public String toString() {
    return "%s+%s+%s"
        .formatted(
            name,
            HexFormat.of().toHexDigits(id),
            Base64.getEncoder()
                .encodeToString(
                    ByteBuffer.allocate(1 + bytes.length).put(type.number()).put(bytes).array()));
  }
}
