package dev.stele.merkle;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A key that signs checkpoints of one log. Immutable and thread-safe. */
public final class SigningKey {
  private static final Pattern BLOCK =
      Pattern.compile(
          "-----BEGIN (PUBLIC|PRIVATE) KEY-----\\s([A-Za-z0-9+/=\\s]*)-----END \\1 KEY-----");
  private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

  private final NoteKey verifier;
  private final KeyPair keys;

  private SigningKey(String name, KeyType type, KeyPair keys) {
    this.verifier = NoteKey.of(name, type, keys.getPublic());
    this.keys = keys;
  }

  /** A new one. */
  public static SigningKey generate(String name, KeyType type) {
    try {
      return new SigningKey(
          name, type, KeyPairGenerator.getInstance(type.algorithm()).generateKeyPair());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK cannot make keys of " + type.algorithm(), e);
    }
  }

  /**
   * Reads keys, each a block of its public and one of its private half.
   *
   * @param name of the log that they sign for
   * @throws IllegalArgumentException if there are none, or one has not both halves
   */
  public static List<SigningKey> parse(String name, String pem) {
    List<SigningKey> found = new ArrayList<>();
    Matcher blocks = BLOCK.matcher(pem);
    byte[] publicHalf = null;
    while (blocks.find()) {
      byte[] bytes;
      try {
        bytes = Base64.getMimeDecoder().decode(blocks.group(2));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("a block of a key is not base64", e);
      }
      if (blocks.group(1).equals("PUBLIC")) {
        publicHalf = bytes;
      } else if (publicHalf == null) {
        throw new IllegalArgumentException(
            "the public half of each key must stand before the other");
      } else {
        found.add(read(name, publicHalf, bytes));
        publicHalf = null;
      }
    }
    if (found.isEmpty() || publicHalf != null) {
      throw new IllegalArgumentException(
          "there is no key, or half of one: each is a PUBLIC KEY and a PRIVATE KEY in PEM");
    }
    return found;
  }

  private static SigningKey read(String name, byte[] publicHalf, byte[] privateHalf) {
    for (KeyType type : List.of(KeyType.ED25519, KeyType.ML_DSA_44)) {
      if (publicHalf.length == type.prefix().length + type.publicBytes()) {
        try {
          KeyFactory factory = KeyFactory.getInstance(type.algorithm());
          PrivateKey secret = factory.generatePrivate(new PKCS8EncodedKeySpec(privateHalf));
          SigningKey key =
              new SigningKey(
                  name,
                  type,
                  new KeyPair(factory.generatePublic(new X509EncodedKeySpec(publicHalf)), secret));
          Checkpoint probe = new Checkpoint(name, 0, Hash.EMPTY);
          if (!key.verifier.verifies(probe, key.sign(probe, Instant.EPOCH))) {
            throw new IllegalArgumentException("the halves of a key do not belong together");
          }
          return key;
        } catch (GeneralSecurityException e) {
          throw new IllegalArgumentException("a key cannot be read: " + e.getMessage(), e);
        }
      }
    }
    throw new IllegalArgumentException("keys are of Ed25519 or ML-DSA-44");
  }

  /** By which others check what it signs. */
  public NoteKey verifier() {
    return verifier;
  }

  /** As {@link #parse} reads it. It is secret. */
  public String pem() {
    return block("PUBLIC", keys.getPublic().getEncoded())
        + block("PRIVATE", keys.getPrivate().getEncoded());
  }

  private static String block(String kind, byte[] bytes) {
    return "-----BEGIN %1$s KEY-----\n%2$s\n-----END %1$s KEY-----\n"
        .formatted(kind, LINES.encodeToString(bytes));
  }

  /** Signs a checkpoint. */
  public SignedNote.Line sign(Checkpoint checkpoint, Instant at) {
    KeyType type = verifier.type();
    try {
      Signature signature = Signature.getInstance(type.algorithm());
      signature.initSign(keys.getPrivate());
      signature.update(type.message(verifier.name(), at.getEpochSecond(), checkpoint));
      byte[] signed = signature.sign();
      return new SignedNote.Line(
          verifier.name(),
          verifier.id(),
          type.timed()
              ? ByteBuffer.allocate(Long.BYTES + signed.length)
                  .putLong(at.getEpochSecond())
                  .put(signed)
                  .array()
              : signed);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the key " + verifier.name() + " cannot sign", e);
    }
  }
}
