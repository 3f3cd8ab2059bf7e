package dev.stele.restore;

import dev.stele.log.AsOf;
import java.util.List;

/**
 * What a restore does, or would do.
 *
 * @param items what was there then and is not now: blobs, then manifests, then tags
 * @param done whether those that are possible have been restored
 */
public record Restoration(AsOf asOf, List<RestoreItem> items, boolean done) {
  public Restoration {
    items = List.copyOf(items);
  }

  /** What cannot be restored. */
  public List<RestoreItem> impossible() {
    return items.stream().filter(item -> !item.possible()).toList();
  }
}
