package dev.stele.retention;

import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;

/**
 * What became of a tag in fact, and what would have become of it under another policy.
 *
 * @param recorded in fact
 * @param replayed under the policy
 */
public record Difference(RepositoryName repository, Tag tag, Fate recorded, Fate replayed) {
  /** How the two compare. */
  public enum Kind {
    /** The policy would have changed nothing. */
    SAME,
    /** It was removed, and the policy would have kept it. */
    WOULD_REMAIN,
    /** It is there, and the policy would have removed it. */
    WOULD_BE_REMOVED,
    /** It was removed, and the policy would have removed it earlier. */
    SOONER,
    /** It was removed, and the policy would have let it stay longer. */
    LATER
  }

  public Kind kind() {
    return switch (recorded) {
      case Fate.Kept _ ->
          switch (replayed) {
            case Fate.Kept _ -> Kind.SAME;
            case Fate.Removed _ -> Kind.WOULD_BE_REMOVED;
          };
      case Fate.Removed removed ->
          switch (replayed) {
            case Fate.Kept _ -> Kind.WOULD_REMAIN;
            case Fate.Removed would -> {
              int order = would.at().at().compareTo(removed.at().at());
              yield order == 0 ? Kind.SAME : order < 0 ? Kind.SOONER : Kind.LATER;
            }
          };
    };
  }
}
