package dev.stele.blob;

import java.io.IOException;

/**
 * The store cannot do it for now: its service is away, overloaded or failing, or too many uploads
 * run. The same call may well succeed later. Whether this one had an effect is not known, unless
 * the call's own documentation says so.
 */
public final class StoreUnavailableException extends IOException {
  StoreUnavailableException(String message) {
    super(message);
  }

  StoreUnavailableException(String message, IOException cause) {
    super(message, cause);
  }
}
