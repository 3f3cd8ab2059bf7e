package dev.stele.registry;

import dev.stele.log.Foreseen;

/**
 * The database or a blob store is away, or the registry is overloaded or shutting down. Trying
 * again later may work. The message is fit for anybody: what a driver or a disk said, which may be
 * of other clients, is the cause's and for the log alone.
 */
public final class RegistryUnavailableException extends RuntimeException implements Foreseen {
  public RegistryUnavailableException(String message) {
    super(message);
  }

  public RegistryUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
