package dev.stele.registry;

/**
 * The database or a blob store is away, or the registry is overloaded or shutting down. Trying
 * again later may work.
 */
public final class RegistryUnavailableException extends RuntimeException {
  public RegistryUnavailableException(String message) {
    super(message);
  }

  public RegistryUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
