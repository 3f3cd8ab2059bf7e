package dev.stele.merkle;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** How a key signs checkpoints. Its number is part of the key's id. */
public enum KeyType {
  /** The note's text (C2SP signed-note). */
  ED25519(0x01, "Ed25519", 32, "302a300506032b6570032100") {
    @Override
    byte[] message(String name, long seconds, Checkpoint checkpoint) {
      return checkpoint.body().getBytes(StandardCharsets.UTF_8);
    }

    @Override
    boolean timed() {
      return false;
    }
  },
  /** The note's text and when it was signed, as witnesses do (C2SP tlog-cosignature). */
  ED25519_COSIGNATURE(0x04, "Ed25519", 32, "302a300506032b6570032100") {
    @Override
    byte[] message(String name, long seconds, Checkpoint checkpoint) {
      return ("cosignature/v1\ntime " + seconds + "\n" + checkpoint.body())
          .getBytes(StandardCharsets.UTF_8);
    }
  },
  /** Size, root, when, and the names of the log and of who signs (C2SP tlog-cosignature). */
  ML_DSA_44(0x06, "ML-DSA-44", 1312, "30820532300b06096086480165030403110382052100") {
    @Override
    byte[] message(String name, long seconds, Checkpoint checkpoint) {
      byte[] signer = name.getBytes(StandardCharsets.UTF_8);
      byte[] origin = checkpoint.origin().getBytes(StandardCharsets.UTF_8);
      return ByteBuffer.allocate(
              LABEL.length + 1 + signer.length + 8 + 1 + origin.length + 8 + 8 + Hash.BYTES)
          .put(LABEL)
          .put((byte) signer.length)
          .put(signer)
          .putLong(seconds)
          .put((byte) origin.length)
          .put(origin)
          .putLong(0)
          .putLong(checkpoint.size())
          .put(checkpoint.root().bytes())
          .array();
    }
  };

  private static final byte[] LABEL = "subtree/v1\n\0".getBytes(StandardCharsets.UTF_8);

  private final int number;
  private final String algorithm;
  private final int publicBytes;
  private final String prefix;

  /**
   * @param prefix what stands before the bytes of a public key in its X.509 form, in hexadecimal
   */
  KeyType(int number, String algorithm, int publicBytes, String prefix) {
    this.number = number;
    this.algorithm = algorithm;
    this.publicBytes = publicBytes;
    this.prefix = prefix;
  }

  byte number() {
    return (byte) number;
  }

  /** As the JDK calls it. */
  String algorithm() {
    return algorithm;
  }

  int publicBytes() {
    return publicBytes;
  }

  byte[] prefix() {
    return HexFormat.of().parseHex(prefix);
  }

  /** Whether a signature begins with when it was made. */
  boolean timed() {
    return true;
  }

  /**
   * What is signed.
   *
   * @param name of the key
   * @param seconds since 1970, if the signature says that
   */
  abstract byte[] message(String name, long seconds, Checkpoint checkpoint);

  static KeyType of(byte number) {
    for (KeyType type : values()) {
      if (type.number == number) {
        return type;
      }
    }
    throw new IllegalArgumentException("keys of type 0x%02x are not known here".formatted(number));
  }
}
