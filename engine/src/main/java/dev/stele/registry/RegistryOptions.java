package dev.stele.registry;

import dev.stele.gc.GcOptions;
import dev.stele.log.ClockWatch;
import dev.stele.policy.ImmutableTags;
import java.time.Duration;
import java.util.Collection;
import java.util.List;

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
 * @param gc how collecting is done
 * @param webhooks who is told of events, with names that differ
 * @param clockTolerance how far the database's clock, this node's and the log's time may be apart
 */
public record RegistryOptions(
    boolean sparseManifests,
    int mostDescriptors,
    boolean collisionDetection,
    List<String> mandatoryAnnotations,
    ImmutableTags immutableTags,
    PullRecording pulls,
    GcOptions gc,
    List<Webhook> webhooks,
    Duration clockTolerance) {
  public static final RegistryOptions DEFAULT =
      new RegistryOptions(
          false,
          10_000,
          false,
          List.of(),
          ImmutableTags.NONE,
          PullRecording.MINUTE,
          GcOptions.DEFAULT,
          List.of(),
          ClockWatch.DEFAULT_TOLERANCE);

  public RegistryOptions {
    mandatoryAnnotations = mandatoryAnnotations.stream().distinct().sorted().toList();
    webhooks = List.copyOf(webhooks);
  }

  /** The same with sparse manifests accepted or refused. */
  public RegistryOptions withSparseManifests(boolean on) {
    return new RegistryOptions(
        on,
        mostDescriptors,
        collisionDetection,
        mandatoryAnnotations,
        immutableTags,
        pulls,
        gc,
        webhooks,
        clockTolerance);
  }

  /** The same with another limit of what a manifest may list. */
  public RegistryOptions withMostDescriptors(int most) {
    return new RegistryOptions(
        sparseManifests,
        most,
        collisionDetection,
        mandatoryAnnotations,
        immutableTags,
        pulls,
        gc,
        webhooks,
        clockTolerance);
  }

  /** The same with collision detection on or off. */
  public RegistryOptions withCollisionDetection(boolean on) {
    return new RegistryOptions(
        sparseManifests,
        mostDescriptors,
        on,
        mandatoryAnnotations,
        immutableTags,
        pulls,
        gc,
        webhooks,
        clockTolerance);
  }

  /** The same with other mandatory annotations. */
  public RegistryOptions withMandatoryAnnotations(Collection<String> keys) {
    return new RegistryOptions(
        sparseManifests,
        mostDescriptors,
        collisionDetection,
        List.copyOf(keys),
        immutableTags,
        pulls,
        gc,
        webhooks,
        clockTolerance);
  }

  /** The same with other immutable tags. */
  public RegistryOptions withImmutableTags(ImmutableTags tags) {
    return new RegistryOptions(
        sparseManifests,
        mostDescriptors,
        collisionDetection,
        mandatoryAnnotations,
        tags,
        pulls,
        gc,
        webhooks,
        clockTolerance);
  }

  /** The same with pulls recorded in another way. */
  public RegistryOptions withPulls(PullRecording recording) {
    return new RegistryOptions(
        sparseManifests,
        mostDescriptors,
        collisionDetection,
        mandatoryAnnotations,
        immutableTags,
        recording,
        gc,
        webhooks,
        clockTolerance);
  }

  /** The same with another way of collecting. */
  public RegistryOptions withGc(GcOptions other) {
    return new RegistryOptions(
        sparseManifests,
        mostDescriptors,
        collisionDetection,
        mandatoryAnnotations,
        immutableTags,
        pulls,
        other,
        webhooks,
        clockTolerance);
  }

  /** The same with other webhooks. */
  public RegistryOptions withWebhooks(List<Webhook> others) {
    return new RegistryOptions(
        sparseManifests,
        mostDescriptors,
        collisionDetection,
        mandatoryAnnotations,
        immutableTags,
        pulls,
        gc,
        others,
        clockTolerance);
  }

  /** The same with another tolerance for clocks. */
  public RegistryOptions withClockTolerance(Duration tolerance) {
    return new RegistryOptions(
        sparseManifests,
        mostDescriptors,
        collisionDetection,
        mandatoryAnnotations,
        immutableTags,
        pulls,
        gc,
        webhooks,
        tolerance);
  }
}
