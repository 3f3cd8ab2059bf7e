package dev.stele.blob;

import java.io.IOException;

/** The store has no room left for what was sent, or a quota is used up. */
public final class InsufficientStorageException extends IOException {
  public InsufficientStorageException(String message, IOException cause) {
    super(message, cause);
  }
}
