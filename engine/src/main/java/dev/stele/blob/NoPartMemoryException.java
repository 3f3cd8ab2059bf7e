package dev.stele.blob;

import java.io.IOException;

/** There is no memory for a part of an upload: too many uploads at once, or a blob too large. */
final class NoPartMemoryException extends IOException {
  NoPartMemoryException(String message) {
    super(message);
  }
}
