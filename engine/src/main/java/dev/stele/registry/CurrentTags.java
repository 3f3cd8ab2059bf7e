package dev.stele.registry;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.ManifestView;
import dev.stele.projection.Member;
import dev.stele.projection.TagView;
import java.util.Arrays;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;

/**
 * Where tags point: from memory, and as current as the database, whatever other nodes do, since
 * {@link ReadIndex} looks at the log for every answer. Memory is bounded. Thread-safe.
 */
final class CurrentTags {
  /** About so many bytes; some 80,000 tags. */
  private static final long MOST_BYTES = 32L << 20;

  /** What an entry takes beside the texts in it: a digest, objects, and the cache's own. */
  private static final int ENTRY = 350;

  private final Jdbi jdbi;
  private final RecentChanges log;
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

  CurrentTags(Jdbi jdbi, RecentChanges log) {
    this.jdbi = jdbi;
    this.log = log;
  }

  /** What the database said. */
  private record Known(RecentChanges.Since since, ManifestView.Present manifest) {
    private boolean isCurrent(RecentChanges.Now now, Member<Tag> tag) {
      return now.isUnchanged(since, tag, new Member<>(tag.repository(), manifest.digest()));
    }
  }

  /** The manifest that a tag points to, after all that was committed before this call. */
  Optional<ManifestView.Present> find(RepositoryName repository, Tag tag) {
    Member<Tag> asked = new Member<>(repository, tag);
    Optional<RecentChanges.Now> now = log.look();
    Optional<Known> known = Optional.ofNullable(tags.getIfPresent(asked));
    if (now.isPresent() && known.isPresent() && known.get().isCurrent(now.get(), asked)) {
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
      tags.put(asked, new Known(now.get().since(), found.get().manifest()));
    }
    return found.map(TagView.Current::manifest);
  }
}
