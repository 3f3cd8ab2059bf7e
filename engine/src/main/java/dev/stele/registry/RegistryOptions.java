package dev.stele.registry;

/**
 * What an operator may choose of the registry's behaviour.
 *
 * @param sparseManifests whether a manifest is accepted that refers to content which the repository
 *     lacks: children of an index, config and layers of an image. A mirror of some platforms of an
 *     image needs this; whoever pulls the missing part gets a 404
 * @param pulls how the log learns of pulls
 */
public record RegistryOptions(boolean sparseManifests, PullRecording pulls) {
  public static final RegistryOptions DEFAULT = new RegistryOptions(false, PullRecording.MINUTE);

  /** The same with sparse manifests accepted or refused. */
  public RegistryOptions withSparseManifests(boolean on) {
    return new RegistryOptions(on, pulls);
  }

  /** The same with pulls recorded in another way. */
  public RegistryOptions withPulls(PullRecording recording) {
    return new RegistryOptions(sparseManifests, recording);
  }
}
