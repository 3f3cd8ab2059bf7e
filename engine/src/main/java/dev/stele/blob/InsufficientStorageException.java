package dev.stele.blob;

import java.io.IOException;

/** The store has no room left for what was sent, or a quota is used up. */
public final class InsufficientStorageException extends IOException {
  private final String told;

  /**
   * @param told continues "the blob store", fit for anybody
   * @param message for the log
   */
  InsufficientStorageException(String told, String message) {
    super(message);
    this.told = told;
  }

  public InsufficientStorageException(String message, IOException cause) {
    super(message, cause);
    this.told = "has no room left";
  }

  /** What clients may know: a continuation of "the blob store". */
  public String told() {
    return told;
  }
}
