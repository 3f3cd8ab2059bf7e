package dev.stele.restore;

import dev.stele.log.AsOf;
import dev.stele.projection.Approval;
import java.util.List;
import java.util.Optional;

/**
 * What a restore does, or would do.
 *
 * @param items what was there then and is not now: blobs, then manifests, then tags
 * @param done whether those that are possible have been restored
 * @param waiting for whom, if it takes more persons
 */
public record Restoration(
    AsOf asOf, List<RestoreItem> items, boolean done, Optional<Approval> waiting) {
  public Restoration {
    items = List.copyOf(items);
  }

  Restoration(AsOf asOf, List<RestoreItem> items, boolean done) {
    this(asOf, items, done, Optional.empty());
  }

  /** What cannot be restored. */
  public List<RestoreItem> impossible() {
    return items.stream().filter(item -> !item.possible()).toList();
  }
}
