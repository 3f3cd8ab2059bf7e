package dev.stele.verify;

import dev.stele.event.BlobProblem;
import dev.stele.oci.Digest;
import dev.stele.oci.Manifest;
import dev.stele.oci.RepositoryName;

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

  /**
   * A tile of the log's tree has another hash than follows from the log, or lacks one: an event, or
   * the tile, is not what it was when the tile was made.
   *
   * @param first the position of the first event that the hash stands for
   * @param events how many it stands for
   */
  record TileBroken(int level, long number, long first, long events) implements Finding {
    @Override
    public String what() {
      return "tile %d of level %d of the log's tree has another hash for %s, or none: it or the tile was changed"
          .formatted(
              number,
              level,
              events == 1
                  ? "the event at position " + first
                  : "the %,d events from position %d on".formatted(events, first));
    }
  }

  /**
   * What is kept of who acted, or from where, is not what an event commits to. It may be so of
   * later events, too.
   */
  record OpeningBroken(long position, String subject, String reason) implements Finding {
    @Override
    public String what() {
      return "the event at position %d: of %s, %s".formatted(position, subject, reason);
    }
  }

  /**
   * The recorded bytes of a manifest, a policy or the like do not have their digest.
   *
   * @param table where they are
   */
  record DocumentBroken(String table, String digest) implements Finding {
    @Override
    public String what() {
      return "the document %s in %s does not have that digest".formatted(digest, table);
    }
  }

  /** An event names a document that is not kept. It may be so of later events, too. */
  record DocumentMissing(long position, Digest digest) implements Finding {
    @Override
    public String what() {
      return "the event at position %d: the document %s that it names is gone"
          .formatted(position, digest);
    }
  }

  /** Something wrong with a stored object. */
  sealed interface OfObject extends Finding {
    /** As it is recorded. */
    BlobProblem problem();

    /** What is there instead. */
    String found();
  }

  /** A store lacks an object that the log says it has. */
  record ObjectMissing(String store, Digest digest, String key) implements OfObject {
    @Override
    public BlobProblem problem() {
      return BlobProblem.MISSING;
    }

    @Override
    public String found() {
      return "nothing";
    }

    @Override
    public String what() {
      return "store " + store + " lacks object " + key + " of blob " + digest;
    }
  }

  /** An object has another size than the log says; it counts as absent. Sizes are in bytes. */
  record ObjectSize(String store, Digest digest, String key, long recorded, long actual)
      implements OfObject {
    @Override
    public BlobProblem problem() {
      return BlobProblem.SIZE;
    }

    @Override
    public String found() {
      return actual + " bytes";
    }

    @Override
    public String what() {
      return "object %s of store %s has %d bytes, blob %s has %d"
          .formatted(key, store, actual, digest, recorded);
    }
  }

  /** An object's bytes do not have the digest that they are kept for. */
  record ObjectContent(String store, Digest digest, String key, Digest actual) implements OfObject {
    @Override
    public BlobProblem problem() {
      return BlobProblem.CONTENT;
    }

    @Override
    public String found() {
      return actual.toString();
    }

    @Override
    public String what() {
      return "object %s of store %s has digest %s, not %s".formatted(key, store, actual, digest);
    }
  }

  /** A store that otherwise works cannot read an object. */
  record ObjectUnreadable(String store, Digest digest, String key, String reason)
      implements OfObject {
    @Override
    public BlobProblem problem() {
      return BlobProblem.UNREADABLE;
    }

    @Override
    public String found() {
      return reason;
    }

    @Override
    public String what() {
      return "object %s of store %s, for blob %s, cannot be read: %s"
          .formatted(key, store, digest, reason);
    }
  }

  /**
   * A manifest refers to content that its repository lacks.
   *
   * @param role what the content is to the manifest
   * @param allowed whether the registry accepts such manifests, so that this is no damage
   */
  record ContentMissing(
      RepositoryName repository,
      Digest manifest,
      Manifest.Role role,
      Digest digest,
      boolean allowed)
      implements Finding {
    @Override
    public String what() {
      return "repository %s lacks %s, the %s of manifest %s"
          .formatted(
              repository,
              digest,
              switch (role) {
                case CONFIG -> "config";
                case LAYER -> "layer";
                case CHILD -> "child";
              },
              manifest);
    }

    @Override
    public boolean damage() {
      return !allowed;
    }
  }

  /**
   * A store is not this log's, or knows of events that the log does not have, so that what the log
   * does not know in it may be needed elsewhere.
   *
   * @param reason with what to do
   */
  record StoreRefused(String store, String reason) implements Finding {
    @Override
    public String what() {
      return reason;
    }
  }

  /**
   * A store of which some was not looked at.
   *
   * @param objects how many of those that the log knows were
   * @param reason why the others were not, with what to do where that is known
   */
  record StoreNotLookedAt(String store, long objects, String reason) implements Finding {
    @Override
    public String what() {
      return "store %s could not be looked at whole, but for %,d of the objects that the log knows: %s"
          .formatted(store, objects, reason);
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
