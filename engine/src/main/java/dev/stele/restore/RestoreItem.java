package dev.stele.restore;

import dev.stele.event.Event.AccessDenied;
import dev.stele.oci.Digest;
import dev.stele.oci.Tag;
import dev.stele.registry.Refusal;
import java.util.Optional;

/**
 * Something that was there at a moment and is not now.
 *
 * @param tag that is to point to the digest; present for the kind TAG only
 * @param previous what the tag points to now; absent: there is no such tag
 * @param obstacle why it cannot be restored, if it cannot
 */
public record RestoreItem(
    Kind kind,
    Optional<Tag> tag,
    Digest digest,
    Optional<Digest> previous,
    Optional<Obstacle> obstacle) {
  /** What can come back, in the order in which it does. */
  public enum Kind {
    BLOB,
    MANIFEST,
    TAG
  }

  /** Why something cannot come back. */
  public sealed interface Obstacle {
    /** Why it is forbidden, where the record should have that somebody tried. */
    default Optional<AccessDenied.Reason> denial() {
      return Optional.empty();
    }

    /** Its bytes are no longer kept. */
    record Gone(Refusal.BlobGone story) implements Obstacle {}

    /** It refers to something that cannot come back. */
    record Lacks(Digest missing) implements Obstacle {}

    /** A hold or the configuration forbids it. */
    record Forbidden(Refusal refusal) implements Obstacle {
      @Override
      public Optional<AccessDenied.Reason> denial() {
        return refusal.denial();
      }
    }
  }

  static RestoreItem blob(Digest digest, Optional<Obstacle> obstacle) {
    return new RestoreItem(Kind.BLOB, Optional.empty(), digest, Optional.empty(), obstacle);
  }

  static RestoreItem manifest(Digest digest, Optional<Obstacle> obstacle) {
    return new RestoreItem(Kind.MANIFEST, Optional.empty(), digest, Optional.empty(), obstacle);
  }

  /** Whether it can come back. */
  public boolean possible() {
    return obstacle.isEmpty();
  }
}
