package dev.stele.registry;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import dev.stele.log.ConnectionSource;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.ManifestView;
import dev.stele.projection.Member;
import dev.stele.projection.TagView;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Consumer;
import org.jdbi.v3.core.Jdbi;

/**
 * Where tags point: from memory, and as current as the database, whatever other nodes do, since
 * {@link ReadIndex} looks at the log for every answer. Memory is bounded. Thread-safe.
 */
final class CurrentTags implements AutoCloseable {
  /** About so many bytes; some 80,000 tags. */
  private static final long MOST_BYTES = 32L << 20;

  /** What an entry takes beside the texts in it: a digest, objects, and the cache's own. */
  private static final int ENTRY = 350;

  private final Jdbi jdbi;
  private final ReadIndex<Changes> log;
  private final Cache<Member<Tag>, Known> tags =
      Caffeine.newBuilder()
          .maximumWeight(MOST_BYTES)
          .<Member<Tag>, Known>weigher(
              (tag, known) ->
                  ENTRY
                      + tag.repository().value().length()
                      + tag.item().value().length()
                      + known.manifest().mediaType().length())
          .build();

  CurrentTags(Jdbi jdbi, ConnectionSource connections, EventCodec codec) {
    this.jdbi = jdbi;
    this.log = new ReadIndex<>(connections, codec, Changes::new);
  }

  /**
   * By which position each tag and each manifest changed last. Many share a stripe, so some count
   * as changed that are not.
   */
  private static final class Changes implements Consumer<RecordedEvent> {
    private static final int STRIPES = 1 << 14;

    private final AtomicLongArray changedBelow = new AtomicLongArray(STRIPES);

    /** Tells these from others: what was kept beside others must not keep them in memory. */
    private final Object identity = new Object();

    @Override
    public void accept(RecordedEvent recorded) {
      switch (recorded.event()) {
        case Event.TagEvent event -> changed(recorded, event.repository(), event.tag());
        case Event.ManifestEvent event -> changed(recorded, event.repository(), event.digest());
        case Event.RepositoryEvent _,
            Event.BlobEvent _,
            Event.ObjectEvent _,
            Event.HoldEvent _,
            Event.RetentionEvent _,
            Event.PullEvent _,
            Event.OperatorEvent _ -> {}
      }
    }

    private void changed(RecordedEvent recorded, RepositoryName repository, Object item) {
      changedBelow.set(stripe(new Member<>(repository, item)), recorded.position() + 1);
    }

    private boolean isUnchanged(Member<?> member, long since) {
      return changedBelow.get(stripe(member)) <= since;
    }

    private static int stripe(Member<?> member) {
      int hash = member.hashCode();
      return (hash ^ (hash >>> 16)) & (STRIPES - 1);
    }
  }

  /**
   * What the database said when the log reached to a position.
   *
   * @param changes the identity of those that have followed the log since
   */
  private record Known(Object changes, long asOf, ManifestView.Present manifest) {
    private boolean isCurrent(Changes now, Member<Tag> tag) {
      Member<Digest> target = new Member<>(tag.repository(), manifest.digest());
      return changes.equals(now.identity)
          && now.isUnchanged(tag, asOf)
          && now.isUnchanged(target, asOf);
    }
  }

  /** The manifest that a tag points to, after all that was committed before this call. */
  Optional<ManifestView.Present> find(RepositoryName repository, Tag tag) {
    Member<Tag> asked = new Member<>(repository, tag);
    Optional<ReadIndex.Seen<Changes>> now = log.look();
    Optional<Known> known = Optional.ofNullable(tags.getIfPresent(asked));
    if (now.isPresent() && known.isPresent() && known.get().isCurrent(now.get().state(), asked)) {
      return Optional.of(known.get().manifest());
    }
    Optional<TagView.Current> found =
        Availability.read(jdbi, handle -> TagView.current(handle, repository, tag));
    // INVARIANT: what is kept follows from events that were seen. Had the log grown since the look,
    // those after it might be lost with the primary, and nobody would notice; and whoever answered
    // may be another server, with other events.
    if (now.isPresent()
        && found.isPresent()
        && Arrays.equals(found.get().newest(), now.get().last())) {
      tags.put(
          asked, new Known(now.get().state().identity, now.get().next(), found.get().manifest()));
    }
    return found.map(TagView.Current::manifest);
  }

  @Override
  public void close() {
    log.close();
  }
}
