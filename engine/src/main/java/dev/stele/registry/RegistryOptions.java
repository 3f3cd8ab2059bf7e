package dev.stele.registry;

/**
 * What an operator may choose of the registry's behaviour.
 *
 * @param sparseIndexes whether an index is accepted whose children the repository lacks
 */
public record RegistryOptions(boolean sparseIndexes) {
  public static final RegistryOptions DEFAULT = new RegistryOptions(false);
}
