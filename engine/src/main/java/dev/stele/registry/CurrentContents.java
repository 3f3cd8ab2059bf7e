package dev.stele.registry;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stele.gc.Promises;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.Member;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What repositories have under digests: from memory for a moment, and as current as the database.
 *
 * <p>INVARIANT: whoever is told that something is there was promised it. A promise serves those who
 * ask within {@link Promises#renewal} after it; half of that is how old one may be when the
 * database is asked, and half is how long the answer serves. Thread-safe.
 */
final class CurrentContents {
  /** At well under a kilobyte each, a few megabytes. */
  private static final int MOST = 10_000;

  private final RecentChanges log;
  private final Duration half;
  private final Cache<Member<Digest>, Known> contents =
      Caffeine.newBuilder().maximumSize(MOST).build();

  /**
   * What the database said.
   *
   * @param atNanos when it was asked
   */
  private record Known(RecentChanges.Since since, long atNanos, Content content) {}

  CurrentContents(RecentChanges log, Promises promises) {
    this.log = log;
    this.half = promises.renewal().dividedBy(2);
  }

  /** How old a promise may be for the database's answer to serve. */
  Duration renewal() {
    return half;
  }

  /**
   * What a repository has under a digest, after all that was committed before this call.
   *
   * @param database asks the database, with a promise
   */
  Content find(RepositoryName repository, Digest digest, Supplier<Content> database) {
    Member<Digest> asked = new Member<>(repository, digest);
    Known known = contents.getIfPresent(asked);
    if (known != null
        && serves(known)
        && log.look().filter(now -> now.isUnchanged(known.since(), asked, digest)).isPresent()
        && serves(known)) { // still, after a look that may have taken its time
      return known.content();
    }
    Optional<RecentChanges.Now> before = half.isPositive() ? log.lastLook() : Optional.empty();
    long atNanos = System.nanoTime();
    Content found = database.get();
    // What is newer than that look counts as changed at the next one. Should it be lost with the
    // primary instead, it is forgotten long before another one takes over.
    if (found.present()) {
      before.ifPresent(now -> contents.put(asked, new Known(now.since(), atNanos, found)));
    }
    return found;
  }

  private boolean serves(Known known) {
    return System.nanoTime() - known.atNanos() < half.toNanos();
  }
}
