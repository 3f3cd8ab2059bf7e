package dev.stele.event;

/**
 * Bytes in the log that are not a leaf: they were changed outside Stele, or written by a newer
 * version.
 */
public final class CorruptLeafException extends RuntimeException {
  public CorruptLeafException(String message) {
    super(message);
  }

  public CorruptLeafException(String message, Throwable cause) {
    super(message, cause);
  }
}
