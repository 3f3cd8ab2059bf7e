package dev.stele.registry;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stele.event.ActorId;
import dev.stele.projection.Session;
import dev.stele.projection.SessionView;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;

/**
 * Sessions: somebody whom another vouched for goes on by a token, until that expires or the session
 * is ended, on whatever node. Of the token the record has the hash alone. Thread-safe.
 */
public final class Sessions {
  /** No session counts for longer. */
  public static final Duration LONGEST = Duration.ofDays(30);

  /** Of those that count: at well under a kilobyte each but for their groups, a few megabytes. */
  private static final int MOST_REMEMBERED = 10_000;

  private final Jdbi jdbi;
  private final Actors actors;
  private final Commands commands;
  private final RecentChanges log;
  private final SecureRandom random = new SecureRandom();
  private final Cache<String, Known> known =
      Caffeine.newBuilder().maximumSize(MOST_REMEMBERED).build();

  /** What the database said. */
  private record Known(RecentChanges.Since since, Session session) {}

  /**
   * A new session.
   *
   * @param token to be shown this once
   * @param expires from then on it does not count
   */
  public record Begun(SessionToken token, Instant expires) {}

  Sessions(Jdbi jdbi, Actors actors, Commands commands, RecentChanges log) {
    this.jdbi = jdbi;
    this.actors = actors;
    this.commands = commands;
    this.log = log;
  }

  /**
   * Begins a session of the caller.
   *
   * @param groups in which they are
   * @param lifetime after which it expires, {@link #LONGEST} at most
   * @throws IllegalArgumentException if it would last for nothing or too long
   */
  public Begun begin(Caller caller, List<String> groups, Duration lifetime) {
    if (!lifetime.isPositive() || lifetime.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException("a session lasts for some time, and 30 days at most");
    }
    SessionToken token = SessionToken.random(random);
    return new Begun(
        token,
        commands.append(
            caller,
            new BeginSession(
                actors.initiator(caller), token.id(), token.hash(), groups, lifetime)));
  }

  /** Ends a session at once, on every node. The result is the session as it was. */
  public Outcome<Session> end(Caller caller, String id) {
    return commands.append(caller, new EndSession(actors.initiator(caller), id));
  }

  /** At most {@code limit} sessions that count and began before a position, newest first. */
  public Page<Session> list(Optional<Long> before, int limit) {
    return Page.of(
        Availability.read(
            jdbi, handle -> SessionView.list(handle, before.orElse(Long.MAX_VALUE), limit + 1)),
        limit);
  }

  /**
   * The session that a token is for and which was not ended; it may have expired. As current as for
   * {@link #find}.
   */
  public Optional<Session> of(SessionToken token) {
    return find(token.id())
        .filter(session -> MessageDigest.isEqual(session.hash().toBytes(), token.hash().toBytes()));
  }

  /**
   * A session that was not ended, after all that was committed before this call on whatever node;
   * it may have expired. Mostly from memory.
   *
   * @throws RegistryUnavailableException if the database is away
   */
  public Optional<Session> find(String id) {
    Optional<RecentChanges.Now> now = log.look();
    Known kept = known.getIfPresent(id);
    if (now.isPresent()
        && kept != null
        && now.get().isUnchanged(kept.since(), id, ActorId.of(kept.session().user()))) {
      return Optional.of(kept.session());
    }
    SessionView.Current found = Availability.read(jdbi, handle -> SessionView.current(handle, id));
    // INVARIANT: what is kept follows from events that were seen; see CurrentTags.
    if (now.isPresent()
        && found.session().isPresent()
        && Arrays.equals(found.newest(), now.get().last())) {
      known.put(id, new Known(now.get().since(), found.session().get()));
    } else {
      known.invalidate(id);
    }
    return found.session();
  }
}
