package dev.stele.registry;

import dev.stele.log.AppendLane;
import dev.stele.log.ClockWatch;
import dev.stele.log.Leadership;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;

/**
 * Whether a registry can do its work, and what an operator must see to, the clock too. Thread-safe.
 */
public final class Health {
  private final Jdbi jdbi;
  private final AppendLane lane;
  private final Leadership leadership;
  private final ClockWatch clock;
  private final Readiness readiness;
  private final Alarms alarms;
  private final Actors actors;
  private final Commands commands;

  Health(
      Jdbi jdbi,
      AppendLane lane,
      Leadership leadership,
      ClockWatch clock,
      Readiness readiness,
      Alarms alarms,
      Actors actors,
      Commands commands) {
    this.jdbi = jdbi;
    this.lane = lane;
    this.leadership = leadership;
    this.clock = clock;
    this.readiness = readiness;
    this.alarms = alarms;
    this.actors = actors;
    this.commands = commands;
  }

  /** False if this can never record anything again, so that the process is to be restarted. */
  public boolean isAlive() {
    return lane.isAlive();
  }

  /** Whether a server of this registry runs now, or did some seconds ago and was killed. */
  public boolean isServed() {
    return Availability.read(jdbi, Leadership::isLed);
  }

  /**
   * Returns if the database and every store can be used.
   *
   * @throws RegistryUnavailableException saying which cannot, and why
   */
  public void checkReady() {
    readiness.check();
  }

  /** Whether this node is the one that does what one node does for all. */
  public boolean leads() {
    return leadership.leading();
  }

  /**
   * Says that the clock is right, whatever it looked like: the log's time goes on from there, and
   * what is due may be removed again.
   *
   * @return what the clock read
   * @throws RegistryUnavailableException if the database is away, or its clock is far from this
   *     node's: one of them is surely wrong
   */
  public Instant confirmClock(Caller caller) {
    return commands.append(new ConfirmClock(actors.initiator(caller)));
  }

  /** Why nothing may be removed for now, or not even appended, if so. Looks at the clocks. */
  public Optional<String> clockDoubt() {
    return Availability.read(jdbi, clock::look);
  }

  /** What an operator must see to though pulls go on, as far as is known. */
  public List<String> alarms() {
    return alarms.now();
  }

  /**
   * Has {@link #alarms} ask somebody else too.
   *
   * @param name for the metric; used once
   * @param says what is wrong and what to do, fit for anybody to read; empty while nothing is. Must
   *     not throw, and must answer soon, to any thread
   */
  public void registerAlarm(String name, Supplier<Optional<String>> says) {
    alarms.register(name, says);
  }
}
