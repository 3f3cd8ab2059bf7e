package dev.stele.server.auth;

import dev.stele.event.Identity;
import dev.stele.event.RobotName;
import dev.stele.projection.Robot;
import dev.stele.registry.RobotKey;
import dev.stele.registry.Robots;
import java.security.MessageDigest;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;

/**
 * Signs robots in: as {@code robot+<name>}, with a key for a password. A key has 256 random bits,
 * so one SHA-256 is enough to keep it by, and nobody can try them all. What ends at one node ends
 * at all, at once. Thread-safe.
 */
final class RobotKeys implements IdentityProvider {
  private final Robots robots;
  private final InstantSource clock;

  /**
   * @param clock by which keys expire
   */
  RobotKeys(Robots robots, InstantSource clock) {
    this.robots = robots;
    this.clock = clock;
  }

  @Override
  public String section() {
    return "robots";
  }

  @Override
  public String means() {
    return Credential.Password.MEANS;
  }

  @Override
  public boolean isQuick() {
    return true;
  }

  /**
   * {@inheritDoc}
   *
   * @throws dev.stele.registry.RegistryUnavailableException if the database is away
   */
  @Override
  public Optional<Verdict> judge(Credential credential) {
    if (!(credential instanceof Credential.Password given) || !RobotName.isReserved(given.user())) {
      return Optional.empty();
    }
    Optional<RobotName> robot = RobotName.ofUser(given.user());
    Optional<RobotKey> key = RobotKey.parse(given.password());
    Optional<Robot.Key> there =
        robot.isPresent() && key.isPresent()
            ? robots
                .key(robot.get(), key.get().id())
                .filter(
                    known ->
                        MessageDigest.isEqual(known.hash().toBytes(), key.get().hash().toBytes()))
            : Optional.empty();
    if (there.isEmpty()) {
      return Optional.of(new Verdict.Refused(Verdict.Reason.WRONG_KEY));
    }
    Robot.Key known = there.get();
    return Optional.of(
        known.countsAt(clock.instant())
            ? new Verdict.Accepted(
                new SignedIn(
                    Identity.robot(robot.get()),
                    Set.of(),
                    Optional.of(known.id()),
                    Optional.of(known.expires())))
            : new Verdict.Ended(
                Verdict.Reason.KEY_EXPIRED,
                "key %s of robot %s expired at %s: it needs another"
                    .formatted(known.id(), robot.get(), known.expires())));
  }

  /** By the same key: another is another's to show. */
  @Override
  public boolean vouchesFor(Identity identity, Optional<String> credential) {
    return identity.kind() == Identity.Kind.ROBOT
        && credential
            .flatMap(
                id -> RobotName.ofUser(identity.name()).flatMap(robot -> robots.key(robot, id)))
            .filter(key -> key.countsAt(clock.instant()))
            .isPresent();
  }

  @Override
  public Optional<Boolean> knows(String name) {
    // Which there are changes while the registry runs, and policies may be written before.
    return RobotName.isReserved(name) ? Optional.empty() : Optional.of(false);
  }
}
