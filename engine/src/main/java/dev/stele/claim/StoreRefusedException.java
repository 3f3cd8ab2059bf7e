package dev.stele.claim;

import java.io.IOException;

/**
 * A store is not this log's, or is ahead of it: nothing was written to it or removed from it.
 * Trying again does not help; the message says what does.
 */
public final class StoreRefusedException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String store;

  StoreRefusedException(String store, String reason) {
    super(reason);
    this.store = store;
  }

  /** The store's name. */
  public String store() {
    return store;
  }
}
