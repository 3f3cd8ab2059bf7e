package dev.stele.registry;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.TagView;
import java.util.Collection;
import java.util.List;

/**
 * Records the next of the tags that went when their manifest was deleted (see {@link
 * TagView.Tombstone}), in the name of who deleted it. The result is how many they were.
 */
record DeleteTagsOfManifest(TagView.Tombstone tombstone) implements Command<Integer> {
  /** Few enough that a push which waits behind them hardly notices. */
  static final int MOST = 100;

  @Override
  public Initiator initiator() {
    return tombstone.by();
  }

  @Override
  public Integer decide(Decision decision) {
    List<Tag> tags =
        TagView.buried(
            decision.handle(),
            tombstone.repository(),
            tombstone.digest(),
            tombstone.position(),
            MOST);
    append(decision, tombstone.repository(), tombstone.digest(), tags);
    return tags.size();
  }

  /** Records that these tags went with a manifest, whose deletion is on record. */
  static void append(
      Decision decision, RepositoryName repository, Digest digest, Collection<Tag> tags) {
    Cause cause = Cause.digestDelete(digest.toString());
    tags.forEach(tag -> decision.append(new Event.TagDeleted(repository, tag, digest), cause));
  }
}
