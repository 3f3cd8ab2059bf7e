package dev.stele.registry;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stele.event.RobotName;
import dev.stele.policy.Reason;
import dev.stele.projection.Robot;
import dev.stele.projection.RobotView;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;

/**
 * Robots: accounts for programs, which sign in by keys that expire. A robot may have two keys at a
 * time that count, so that one takes the other's place without a moment in between. Of a key the
 * record has the hash alone. Thread-safe.
 */
public final class Robots {
  /** At well under a kilobyte each, a few megabytes. */
  private static final int MOST_REMEMBERED = 10_000;

  private final Jdbi jdbi;
  private final Actors actors;
  private final Commands commands;
  private final RecentChanges log;
  private final RobotKeyLifetime lifetime;
  private final SecureRandom random = new SecureRandom();
  private final Cache<RobotName, Known> known =
      Caffeine.newBuilder().maximumSize(MOST_REMEMBERED).build();

  /** What the database said. */
  private record Known(RecentChanges.Since since, Map<String, Robot.Key> keys) {}

  /**
   * A new key, to be shown this once.
   *
   * @param expires from then on it does not count
   */
  public record Issued(RobotName robot, RobotKey key, Instant expires) {}

  Robots(
      Jdbi jdbi, Actors actors, Commands commands, RecentChanges log, RobotKeyLifetime lifetime) {
    this.jdbi = jdbi;
    this.actors = actors;
    this.commands = commands;
    this.log = log;
    this.lifetime = lifetime;
  }

  /**
   * Makes an account, with a first key.
   *
   * @param description for people; see {@link Reason#checkLine}
   * @param keyLifetime for how long the key counts; absent: as long as is usual
   * @throws IllegalArgumentException if the description is none, or the lifetime is not allowed;
   *     the message begins with which it was
   */
  public Outcome<Issued> create(
      Caller caller, RobotName name, Optional<String> description, Optional<Duration> keyLifetime) {
    description.ifPresent(Robots::checkDescription);
    Duration counting = counting(keyLifetime);
    RobotKey key = RobotKey.random(random);
    return issued(
        name,
        key,
        commands.append(
            caller,
            new CreateRobot(
                actors.initiator(caller), name, description, NewRobotKey.of(key, counting))));
  }

  /**
   * Gives a robot one more key.
   *
   * @param keyLifetime for how long it counts; absent: as long as is usual
   * @throws IllegalArgumentException if the lifetime is not allowed
   */
  public Outcome<Issued> issueKey(Caller caller, RobotName name, Optional<Duration> keyLifetime) {
    Duration counting = counting(keyLifetime);
    RobotKey key = RobotKey.random(random);
    return issued(
        name,
        key,
        commands.append(
            caller,
            new IssueRobotKey(actors.initiator(caller), name, NewRobotKey.of(key, counting))));
  }

  private Duration counting(Optional<Duration> asked) {
    try {
      return asked.map(lifetime::check).orElse(lifetime.standard());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("expires " + e.getMessage(), e);
    }
  }

  private static void checkDescription(String text) {
    try {
      String _ = Reason.checkLine(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("description " + e.getMessage(), e);
    }
  }

  private static Outcome<Issued> issued(RobotName name, RobotKey key, Outcome<Instant> expires) {
    return switch (expires) {
      case Outcome.Ok<Instant>(Instant at) -> Outcome.ok(new Issued(name, key, at));
      case Outcome.Refused<Instant>(Refusal refusal) -> Outcome.refused(refusal);
    };
  }

  /** Ends a key at once, on every node. The result is the robot as it is then. */
  public Outcome<Robot> revokeKey(Caller caller, RobotName name, String keyId) {
    return commands.append(caller, new RevokeRobotKey(actors.initiator(caller), name, keyId));
  }

  /**
   * Ends an account with all its keys at once, on every node. The result is the robot as it was.
   * What the access policy grants its name is for whoever gets the name next.
   */
  public Outcome<Robot> remove(Caller caller, RobotName name) {
    return commands.append(caller, new RemoveRobot(actors.initiator(caller), name));
  }

  /** A robot by its name. */
  public Outcome<Robot> find(RobotName name) {
    return Availability.read(jdbi, handle -> RobotView.find(handle, name))
        .map(Outcome::ok)
        .orElseGet(() -> Outcome.refused(new Refusal.UnknownRobot(name)));
  }

  /** At most {@code limit} robots after a name, by name. */
  public Page<Robot> list(Optional<RobotName> after, int limit) {
    return Page.of(
        Availability.read(jdbi, handle -> RobotView.list(handle, after, limit + 1)), limit);
  }

  /**
   * A key of a robot that was not revoked, after all that was committed before this call on
   * whatever node; it may have expired. Mostly from memory.
   *
   * @throws RegistryUnavailableException if the database is away
   */
  public Optional<Robot.Key> key(RobotName name, String keyId) {
    Optional<RecentChanges.Now> now = log.look();
    Known kept = known.getIfPresent(name);
    if (now.isPresent() && kept != null && now.get().isUnchanged(kept.since(), name)) {
      return Optional.ofNullable(kept.keys().get(keyId));
    }
    RobotView.Current found = Availability.read(jdbi, handle -> RobotView.current(handle, name));
    // INVARIANT: what is kept follows from events that were seen; see CurrentTags.
    if (now.isPresent() && Arrays.equals(found.newest(), now.get().last())) {
      known.put(name, new Known(now.get().since(), found.keys()));
    }
    return Optional.ofNullable(found.keys().get(keyId));
  }
}
