package dev.stele.registry;

import dev.stele.gc.GcOptions;

/**
 * What an operator may choose of the registry's behaviour.
 *
 * @param sparseManifests whether a manifest is accepted that refers to content which the repository
 *     lacks: children of an index, config and layers of an image. A mirror of some platforms of an
 *     image needs this; whoever pulls the missing part gets a 404
 * @param gc how collecting is done
 */
public record RegistryOptions(boolean sparseManifests, GcOptions gc) {
  public static final RegistryOptions DEFAULT = new RegistryOptions(false, GcOptions.DEFAULT);

  /** The same with sparse manifests accepted or refused. */
  public RegistryOptions withSparseManifests(boolean on) {
    return new RegistryOptions(on, gc);
  }

  /** The same with another way of collecting. */
  public RegistryOptions withGc(GcOptions other) {
    return new RegistryOptions(sparseManifests, other);
  }
}
