package dev.stele.verify;

import dev.stele.oci.Digest;

/** Something that is not as it should be. */
public sealed interface Finding {
  /** The kind's name, for people and programs. */
  default String kind() {
    return getClass().getSimpleName();
  }

  /** What it is, in a sentence. */
  String what();

  /** Whether something that the log promises is wrong or gone. An orphan only takes up space. */
  default boolean damage() {
    return true;
  }

  /** The log has no event at a position below its head. */
  record PositionMissing(long position) implements Finding {
    @Override
    public String what() {
      return "there is no event at position " + position;
    }
  }

  /** An event's bytes cannot be read, or its columns say something else than its bytes. */
  record EventBroken(long position, String reason) implements Finding {
    @Override
    public String what() {
      return "the event at position " + position + ": " + reason;
    }
  }

  /** A manifest's recorded bytes do not have their digest. */
  record DocumentBroken(String digest) implements Finding {
    @Override
    public String what() {
      return "the document of manifest " + digest + " does not have that digest";
    }
  }

  /** A store lacks an object that the log says it has. */
  record ObjectMissing(String store, Digest digest, String key) implements Finding {
    @Override
    public String what() {
      return "store " + store + " lacks object " + key + " of blob " + digest;
    }
  }

  /** An object has another size than the log says; it counts as absent. Sizes are in bytes. */
  record ObjectSize(String store, Digest digest, String key, long recorded, long actual)
      implements Finding {
    @Override
    public String what() {
      return "object %s of store %s has %d bytes, blob %s has %d"
          .formatted(key, store, actual, digest, recorded);
    }
  }

  /** An object's bytes do not have the digest that they are kept for. */
  record ObjectContent(String store, Digest digest, String key, Digest actual) implements Finding {
    @Override
    public String what() {
      return "object %s of store %s has digest %s, not %s".formatted(key, store, actual, digest);
    }
  }

  /** An object that the log does not know: what a crash between storing and recording leaves. */
  record Orphan(String store, String key, long size) implements Finding {
    @Override
    public String what() {
      return "store %s has object %s of %d bytes, which the log does not know"
          .formatted(store, key, size);
    }

    @Override
    public boolean damage() {
      return false;
    }
  }
}
