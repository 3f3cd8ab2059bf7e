package dev.stele.registry;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.Identity;
import dev.stele.event.Origin;
import dev.stele.log.AppendLane;
import dev.stele.oci.RepositoryName;
import dev.stele.registry.ObservationCounts.By;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Tells the log who came in and who did not, what was refused, and who read the record; see {@link
 * Observations}. What anybody can cause adds at most {@value #MOST_STRANGERS} events and one more a
 * minute and node, whatever they send. Thread-safe.
 */
public final class AccessRecorder {
  /** How many different claims of strangers are told apart, a minute. */
  static final int MOST_STRANGERS = 8;

  /** How many different refusals or readings of one caller are told apart, a minute. */
  static final int MOST_OF_ONE = 50;

  private static final int LONGEST_PARAMETERS = 500;
  private static final int MOST_KEYS = 5_000;
  private static final Duration AGAIN = Duration.ofHours(1);

  /** Whoever claimed what, where they are too many to be told apart. */
  private static final Identity SEVERAL =
      new Identity("stele:several", Identity.Kind.CLAIMED, Optional.empty());

  /** Whoever claimed to be somebody that is not known here: that may be a password, misplaced. */
  private static final Identity UNKNOWN =
      new Identity("stele:unknown", Identity.Kind.CLAIMED, Optional.empty());

  private record Entry(By by, String way) {}

  private record Claim(By by, String way, String reason) {}

  private final boolean on;
  private final Observations observations;
  private final Cache<Entry, Boolean> recent =
      Caffeine.newBuilder().maximumSize(MOST_KEYS).expireAfterWrite(AGAIN).build();
  private final Set<Claim> strangers = new HashSet<>();
  private Instant strangersSince = Instant.EPOCH;

  /**
   * @param on whether anything is told
   */
  AccessRecorder(boolean on, Actors actors, AppendLane lane, MeterRegistry meters) {
    this.on = on;
    this.observations =
        new Observations(
            "observations of access",
            MOST_KEYS,
            actors,
            lane,
            Counter.builder("stele.access.lost")
                .description(
                    "Sign-ins, refusals and readings that the log will not know of, for want of"
                        + " room or a failure")
                .register(meters));
  }

  /**
   * Somebody signed in: on record when they first do so in that way and from there, and then again
   * each hour in which they still do.
   *
   * @param way how, such as by a password
   */
  public void signedIn(Caller caller, String way) {
    Entry entry = new Entry(By.of(caller), way);
    if (on && recent.getIfPresent(entry) == null) {
      Instant now = now();
      if (observations.add(entry.by(), new Event.SignedIn(way, 1, now, now))) {
        recent.put(entry, true);
      }
    }
  }

  /**
   * Somebody did not get in.
   *
   * @param claimed who they said they were, if there is somebody of this name
   * @param network where they were, such as 192.0.2.0/24
   * @param reason a few words of ours, never theirs
   */
  public void signInFailed(Optional<String> claimed, String network, String way, String reason) {
    if (!on) {
      return;
    }
    Instant now = now();
    By by =
        new By(
            claimed
                .map(name -> new Identity(name, Identity.Kind.CLAIMED, Optional.empty()))
                .orElse(UNKNOWN),
            new Origin(Optional.of(network), Optional.empty(), Optional.empty()));
    boolean apart = isToldApart(new Claim(by, way, reason), now);
    boolean _ =
        observations.add(
            apart ? by : new By(SEVERAL, Origin.NONE),
            apart
                ? new Event.SignInFailed(way, reason, 1, now, now)
                : new Event.SignInFailed("several", "it does not count here", 1, now, now));
  }

  private synchronized boolean isToldApart(Claim claim, Instant now) {
    if (Duration.between(strangersSince, now).toSeconds() >= 60) {
      strangers.clear();
      strangersSince = now;
    }
    return strangers.contains(claim) || (strangers.size() < MOST_STRANGERS && strangers.add(claim));
  }

  /**
   * Something was refused to somebody.
   *
   * @param action the right that they lacked, or made use of in vain
   * @param repository where, as they asked
   */
  public void denied(
      Caller caller,
      String action,
      Optional<RepositoryName> repository,
      Event.AccessDenied.Reason reason) {
    Instant now = now();
    observe(
        caller,
        new Event.AccessDenied(action, repository, reason, 1, now, now),
        new Event.AccessDenied(action, Optional.empty(), reason, 1, now, now));
  }

  /**
   * Somebody read the record.
   *
   * @param question what was asked
   * @param parameters of what, as they asked; at most {@value #LONGEST_PARAMETERS} characters are
   *     kept
   */
  public void read(Caller caller, String question, String parameters) {
    Instant now = now();
    Event.RecordRead whatever = new Event.RecordRead(question, Optional.empty(), 1, now, now);
    observe(
        caller,
        parameters.isEmpty()
            ? whatever
            : new Event.RecordRead(
                question,
                Optional.of(
                    parameters.substring(0, Math.min(parameters.length(), LONGEST_PARAMETERS))),
                1,
                now,
                now),
        whatever);
  }

  /** Of whoever did not sign in, and so can be anybody, just that it was. */
  private void observe(Caller caller, Event.Observed precise, Event.Observed whatever) {
    if (!on) {
      return;
    }
    if (caller.identity().equals(Identity.NOBODY)) {
      boolean _ = observations.add(By.of(caller), whatever);
    } else {
      observations.add(By.of(caller), precise, MOST_OF_ONE, whatever);
    }
  }

  private static Instant now() {
    return EventCodec.truncate(Instant.now());
  }

  /** Records what was counted so far, which happens by itself once a minute. */
  public void flush() {
    observations.flush();
  }

  /** Records what was counted. The lane must still be open. */
  void close() {
    observations.close();
  }
}
