package dev.stele.registry;

import dev.stele.event.ActorId;
import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import dev.stele.log.ConnectionSource;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.Member;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Consumer;

/**
 * What of the log changed tags, manifests, blobs, robots and sessions since answers about them were
 * kept: for those who answer from memory, and are as current as the database whatever other nodes
 * do, since {@link ReadIndex} looks at the log for every answer. Memory is bounded. Thread-safe.
 */
final class RecentChanges implements AutoCloseable {
  private final ReadIndex<Changes> log;

  RecentChanges(ConnectionSource connections, EventCodec codec) {
    this.log = new ReadIndex<>(connections, codec, Changes::new);
  }

  /** What a look saw that began after this call; empty if it failed, so that nothing is known. */
  Optional<Now> look() {
    return log.look().map(Now::new);
  }

  /** What the last look saw, or a new one if that is not known. */
  Optional<Now> lastLook() {
    return log.seen().or(log::look).map(Now::new);
  }

  /** The log as a look saw it. */
  record Now(ReadIndex.Seen<Changes> seen) {
    /** For what is found out after the look, to ask later whether it is still so. */
    Since since() {
      return new Since(seen.state().identity, seen.next());
    }

    /** The newest leaf. */
    byte[] last() {
      return seen.last();
    }

    /**
     * Whether these are as they were.
     *
     * @param items members of repositories (tags, digests), digests of objects, names of robots,
     *     ids of sessions, and actors, who change by being forgotten
     */
    boolean isUnchanged(Since since, Object... items) {
      if (!since.changes().equals(seen.state().identity)) {
        return false;
      }
      for (Object item : items) {
        if (!seen.state().isUnchanged(item, since.position())) {
          return false;
        }
      }
      return true;
    }
  }

  /**
   * A moment from which on changes are known.
   *
   * @param changes the identity of those that have followed the log since
   */
  record Since(Object changes, long position) {}

  /**
   * By which position each item changed last. Many share a stripe, so some count as changed that
   * are not.
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
        case Event.BlobEvent event -> {
          changed(recorded, event.repository(), event.digest());
          changed(recorded, event.digest());
        }
        case Event.BlobSwept event -> changed(recorded, event.digest());
        case Event.BlobCorruptionFound event -> changed(recorded, event.digest());
        case Event.BlobFoundIntact event -> changed(recorded, event.digest());
        case Event.BlobRepaired event -> changed(recorded, event.digest());
        case Event.RobotEvent event -> changed(recorded, event.robot());
        case Event.SessionEvent event -> changed(recorded, event.session());
        case Event.ActorForgotten event -> changed(recorded, ActorId.of(event.actor()));
        case Event.OrphanSwept _, // of which nothing was known
            Event.RepositoryEvent _,
            Event.HoldEvent _,
            Event.RetentionEvent _,
            Event.PullEvent _,
            Event.OperatorEvent _ -> {}
      }
    }

    private void changed(RecordedEvent recorded, RepositoryName repository, Object item) {
      changed(recorded, new Member<>(repository, item));
    }

    private void changed(RecordedEvent recorded, Object item) {
      changedBelow.set(stripe(item), recorded.position() + 1);
    }

    private boolean isUnchanged(Object item, long since) {
      return changedBelow.get(stripe(item)) <= since;
    }

    private static int stripe(Object item) {
      int hash = item.hashCode();
      return (hash ^ (hash >>> 16)) & (STRIPES - 1);
    }
  }

  @Override
  public void close() {
    log.close();
  }
}
