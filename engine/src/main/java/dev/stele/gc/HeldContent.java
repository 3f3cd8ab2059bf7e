package dev.stele.gc;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.Hold;
import dev.stele.projection.HoldView;
import java.util.List;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/** What holds keep from being collected, asked in the lane: a view that is behind knows not all. */
final class HeldContent {
  private HeldContent() {}

  /** Drops from what a repository is to lose whatever a hold covers by itself. */
  static void retainFree(Handle handle, RepositoryName repository, Set<Digest> going) {
    if (going.isEmpty() || !HoldView.any(handle)) {
      return;
    }
    List<Hold> holds = HoldView.covering(handle, repository, List.of(), going);
    if (holds.stream().anyMatch(hold -> hold.scope().whole())) {
      going.clear();
    } else {
      holds.forEach(hold -> hold.scope().digest().ifPresent(going::remove));
    }
  }

  /** Whether a hold covers the whole repository. */
  static boolean whole(Handle handle, RepositoryName repository) {
    return HoldView.any(handle)
        && !HoldView.covering(handle, repository, List.of(), List.of()).isEmpty();
  }
}
