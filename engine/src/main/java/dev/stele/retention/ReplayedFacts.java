package dev.stele.retention;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.log.LogReader;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.Hold;
import dev.stele.projection.HoldView;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;

/**
 * The facts of a repository as of any position, by replaying its events. Takes time in proportion
 * to those events, and memory to its tags and to what was pulled from it. Immutable once made.
 */
final class ReplayedFacts implements RepositoryFacts {
  private static final int PAGE = 1000;

  private record Put(Digest digest, Moment at) {}

  private final long position;
  private final List<Hold> holds;
  private final SortedMap<Tag, Put> tags = new TreeMap<>();
  private final LastPulls pulls = new LastPulls();

  /**
   * Replays a repository's events.
   *
   * @param position below which they are
   */
  ReplayedFacts(Handle handle, LogReader reader, RepositoryName repository, long position) {
    this.position = position;
    this.holds = HoldView.activeBelow(handle, repository, position);
    long next = 0;
    while (next < position) {
      List<RecordedEvent> page = reader.events(handle, next, PAGE, repository, Optional.empty());
      if (page.isEmpty()) {
        return;
      }
      page.stream().filter(event -> event.position() < position).forEach(this::apply);
      next = page.getLast().position() + 1;
    }
  }

  private void apply(RecordedEvent recorded) {
    Moment moment = new Moment(recorded.position(), recorded.recordedAt());
    switch (recorded.event()) {
      case Event.TagMoved moved -> tags.put(moved.tag(), new Put(moved.digest(), moment));
      case Event.TagRestored restored ->
          tags.put(restored.tag(), new Put(restored.digest(), moment));
      case Event.TagDeleted deleted -> tags.remove(deleted.tag());
      case Event.ManifestPut put -> {
        for (Tag tag : put.tags()) {
          tags.computeIfPresent(
              tag,
              (_, old) -> old.digest().equals(put.digest()) ? new Put(old.digest(), moment) : old);
        }
      }
      case Event.PullsObserved observed -> pulls.add(recorded, observed);
      case Event.RepositoryCreated _,
          Event.RepositoryRemoved _,
          Event.BlobUploaded _,
          Event.BlobMounted _,
          Event.BlobDeleted _,
          Event.BlobRepaired _,
          Event.BlobUnlinked _,
          Event.BlobSwept _,
          Event.OrphanSwept _,
          Event.BlobCorruptionFound _,
          Event.BlobFoundIntact _,
          Event.ManifestDeleted _,
          Event.ManifestCollected _,
          Event.RetentionPolicyAdopted _,
          Event.RetentionEvaluated _,
          Event.HoldPlaced _,
          Event.HoldReleased _ -> {}
    }
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public List<Hold> holds() {
    return holds;
  }

  @Override
  public void forEachTag(Consumer<TagFacts> consumer) {
    tags.forEach(
        (tag, put) ->
            consumer.accept(
                new TagFacts(
                    tag, put.digest(), put.at(), pulls.last(tag, put.digest(), Optional.empty()))));
  }
}
