package dev.stele.registry;

import dev.stele.gc.GcOptions;
import dev.stele.log.ClockWatch;
import dev.stele.policy.ImmutableTags;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What an operator may choose of the registry's behaviour.
 *
 * @param sparseManifests whether a manifest is accepted that refers to content which the repository
 *     lacks: children of an index, config and layers of an image. A mirror of some platforms of an
 *     image needs this; whoever pulls the missing part gets a 404
 * @param mostDescriptors how many descriptors a manifest may list: all are looked up at once, while
 *     every other writer waits
 * @param collisionDetection whether deleting a manifest by its digest is refused while more than
 *     one tag points to it, so that nobody deletes another's tag along
 * @param mandatoryAnnotations keys that every image must have, each among its manifest's
 *     annotations or its config's labels. Signatures and other artifacts are exempt, and so are
 *     indexes, whose images have been put before
 * @param immutableTags which tags clients may neither move nor delete
 * @param pulls how the log learns of pulls
 * @param accesses whether the log learns who signs in, what is refused and who reads it
 * @param gc how collecting is done
 * @param webhooks who is told of events, with names that differ
 * @param clockTolerance how far the database's clock, this node's and the log's time may be apart
 * @param robotKeys for how long keys of robots count
 * @param signing how the log is signed, if it is
 */
public record RegistryOptions(
    boolean sparseManifests,
    int mostDescriptors,
    boolean collisionDetection,
    List<String> mandatoryAnnotations,
    ImmutableTags immutableTags,
    PullRecording pulls,
    boolean accesses,
    GcOptions gc,
    List<Webhook> webhooks,
    Duration clockTolerance,
    RobotKeyLifetime robotKeys,
    Optional<LogSigning> signing) {
  public static final RegistryOptions DEFAULT =
      new RegistryOptions(
          false,
          10_000,
          false,
          List.of(),
          ImmutableTags.NONE,
          PullRecording.MINUTE,
          true,
          GcOptions.DEFAULT,
          List.of(),
          ClockWatch.DEFAULT_TOLERANCE,
          RobotKeyLifetime.DEFAULT,
          Optional.empty());

  /**
   * @throws IllegalArgumentException if two webhooks have the same name, by which each is known
   */
  public RegistryOptions {
    mandatoryAnnotations = mandatoryAnnotations.stream().distinct().sorted().toList();
    webhooks = List.copyOf(webhooks);
    Set<String> names = new HashSet<>();
    for (Webhook webhook : webhooks) {
      if (!names.add(webhook.name())) {
        throw new IllegalArgumentException("two webhooks have the name " + webhook.name());
      }
    }
  }

  /** What is about to become others. */
  private static final class Draft {
    private boolean sparseManifests;
    private int mostDescriptors;
    private boolean collisionDetection;
    private List<String> mandatoryAnnotations;
    private ImmutableTags immutableTags;
    private PullRecording pulls;
    private boolean accesses;
    private GcOptions gc;
    private List<Webhook> webhooks;
    private Duration clockTolerance;
    private RobotKeyLifetime robotKeys;
    private Optional<LogSigning> signing;

    private Draft(RegistryOptions from) {
      sparseManifests = from.sparseManifests;
      mostDescriptors = from.mostDescriptors;
      collisionDetection = from.collisionDetection;
      mandatoryAnnotations = from.mandatoryAnnotations;
      immutableTags = from.immutableTags;
      pulls = from.pulls;
      accesses = from.accesses;
      gc = from.gc;
      webhooks = from.webhooks;
      clockTolerance = from.clockTolerance;
      robotKeys = from.robotKeys;
      signing = from.signing;
    }
  }

  private RegistryOptions with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return new RegistryOptions(
        draft.sparseManifests,
        draft.mostDescriptors,
        draft.collisionDetection,
        draft.mandatoryAnnotations,
        draft.immutableTags,
        draft.pulls,
        draft.accesses,
        draft.gc,
        draft.webhooks,
        draft.clockTolerance,
        draft.robotKeys,
        draft.signing);
  }

  /** The same with sparse manifests accepted or refused. */
  public RegistryOptions withSparseManifests(boolean on) {
    return with(draft -> draft.sparseManifests = on);
  }

  /** The same with another limit of what a manifest may list. */
  public RegistryOptions withMostDescriptors(int most) {
    return with(draft -> draft.mostDescriptors = most);
  }

  /** The same with collision detection on or off. */
  public RegistryOptions withCollisionDetection(boolean on) {
    return with(draft -> draft.collisionDetection = on);
  }

  /** The same with other mandatory annotations. */
  public RegistryOptions withMandatoryAnnotations(Collection<String> keys) {
    return with(draft -> draft.mandatoryAnnotations = List.copyOf(keys));
  }

  /** The same with other immutable tags. */
  public RegistryOptions withImmutableTags(ImmutableTags tags) {
    return with(draft -> draft.immutableTags = tags);
  }

  /** The same with pulls recorded in another way. */
  public RegistryOptions withPulls(PullRecording recording) {
    return with(draft -> draft.pulls = recording);
  }

  /** The same with accesses recorded or not. */
  public RegistryOptions withAccesses(boolean recorded) {
    return with(draft -> draft.accesses = recorded);
  }

  /** The same with another way of collecting. */
  public RegistryOptions withGc(GcOptions other) {
    return with(draft -> draft.gc = other);
  }

  /** The same with other webhooks. */
  public RegistryOptions withWebhooks(List<Webhook> others) {
    return with(draft -> draft.webhooks = others);
  }

  /** The same with another tolerance for clocks. */
  public RegistryOptions withClockTolerance(Duration tolerance) {
    return with(draft -> draft.clockTolerance = tolerance);
  }

  /** The same with other lifetimes of keys. */
  public RegistryOptions withRobotKeys(RobotKeyLifetime lifetime) {
    return with(draft -> draft.robotKeys = lifetime);
  }

  /** The same, whose log is signed so. */
  public RegistryOptions withSigning(LogSigning how) {
    return with(draft -> draft.signing = Optional.of(how));
  }
}
